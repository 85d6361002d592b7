"""Tasks: work that stays until a named person says what came of it."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from apps.conversations import services as conversations
from apps.conversations import silent_sign, unanswered, unfetched
from apps.conversations.models import CallAttempt, Drift, Task
from apps.conversations.vocabulary import CALLS, NOT_BY_HAND, Again, TaskKind
from apps.messaging import services as messaging
from apps.staff.vocabulary import Action
from apps.workplace import by_phone, calls, conversation, searches
from apps.workplace.cards import Act, CardAdmin, Doing
from apps.workplace.forms import AboutForm, ButtonSelect
from apps.workplace.scoped import DoneFilter, SiteFilter, moment, scope_in

_TRIED_SINCE = timedelta(days=7)


class ResultForm(AboutForm):
    result = forms.CharField(label=_("What came of it"), max_length=200, widget=forms.Textarea({"rows": 2}))

    def prepare(self) -> None:
        if self.about.kind in CALLS and self.about.participant:
            self.fields["result"].help_text = _("Only if you spoke with somebody. Else press when you will call again.")


class UnansweredForm(AboutForm):
    """One touch: whoever has just called in vain says when they will try again."""

    again = forms.ChoiceField(label=_("Call again"), widget=ButtonSelect)

    def prepare(self) -> None:
        """A choice that stood on a page open since an earlier hour is taken, and the service finds the next time that can be kept."""
        offered = unanswered.choices(self.about.participant) if self.about.participant else []
        chosen = list(Again) if self.is_bound else offered
        self.fields["again"].choices = [(each.value, each.label) for each in chosen]  # type: ignore[attr-defined]


def _close(it: Doing) -> Any:
    conversations.close_task(task=it.row, person=it.person, result=it.said["result"])
    return _("The task is done.")


def _nobody_answered(it: Doing) -> Any:
    task = conversations.nobody_answered(task=it.row, person=it.person, again=Again(it.said["again"]))
    at = date_format(task.deadline.astimezone(task.participant.zone), "Y-m-d H:i") if task.participant else ""
    return _("It is on record. The next call is due at %(time)s.") % {"time": at}


def _is_open(row: Task) -> bool:
    """Closed by a word about it; what only a judgement ends leads to its case instead."""
    return row.done_at is None and row.kind not in NOT_BY_HAND


def _lines(row: Task) -> list[calls.Named]:
    if row.kind == TaskKind.UNFETCHED:  # it is about a participant, and the sponsor is who is to be phoned
        return [(each.name, line) for each in unfetched.sponsors() if (line := messaging.line_of(each)) is not None]
    if row.participant is not None:
        return calls.lines_of(row.participant)
    source = row.message or row.call
    line = source.line if source else None
    return [(str(_("unknown number")), line)] if line else []


def _tried(row: Task) -> list[CallAttempt]:
    """The calls in vain of the last days, newest first: who called at what hour, so that the next is tried at another."""
    if row.participant is None or row.done_at is not None:
        return []
    since = row.created_at - _TRIED_SINCE
    return list(row.participant.call_attempts.filter(at__gte=since).select_related("person").order_by("-at")[:10])


class TaskAdmin(CardAdmin):
    """Tasks of a site, and the duty desk's."""

    right = Action.SEND
    unsited_right = Action.VIEW_UNMATCHED
    card_template = "workplace/task.html"
    tells_of_health = True
    list_display = ("what", "participant", "site", moment("deadline", _("by")), moment("done_at", _("done")), "done_by")
    list_filter = (DoneFilter, SiteFilter, "kind")
    lookups = frozenset({"at", "done", "kind__exact"})
    search_fields = ("participant__code",)
    ordering = ("deadline",)
    list_select_related = ("site", "participant", "done_by")
    # The duty desk's tasks need another right than a site's; the service decides which.
    acts = (
        calls.act(_lines, Action.SEND),
        calls.act(_lines, Action.VIEW_UNMATCHED, name="call_unsited"),
        Act(
            "unanswered",
            _("Nobody answered: call again"),
            Action.SEND,
            _nobody_answered,
            UnansweredForm,
            unanswered.may_be_logged,
            is_main=True,
        ),
        by_phone.OF_TASK,
        Act("close", _("Done"), Action.SEND, _close, ResultForm, _is_open, is_main=True),
        Act("close_unsited", _("Done"), Action.VIEW_UNMATCHED, _close, ResultForm, _is_open, is_main=True),
    )

    @admin.display(description=_("to do"), ordering="kind")
    def what(self, row: Task) -> str:
        return str(TaskKind(row.kind).label)

    def _may(self, request: HttpRequest, row: Task, act: Act) -> bool:
        is_for_the_desk = act.name.endswith("_unsited")
        if act == by_phone.OF_TASK and row.participant_id is None:
            return False
        return is_for_the_desk == (row.site_id is None) and super()._may(request, row, act)

    def card_context(self, request: HttpRequest, row: Task) -> dict[str, Any]:
        pieces: tuple[conversation.Piece, ...] = ()
        if row.message is not None and self._reads(request, row):
            report = row.message.reports.filter(participant=row.participant).first()
            pieces = conversation.cut(row.message.body, report.findings if report else [])
        drift = Drift.objects.filter(task=row).first()
        signs = silent_sign.explained(drift) if drift else []
        search = searches.running_of(row.participant) if row.participant and self._reads(request, row) else None
        return {
            "title": TaskKind(row.kind).label,
            "pieces": pieces,
            "signs": signs,
            "search": search,
            "tried": _tried(row),
        }

    def _reads(self, request: HttpRequest, row: Task) -> bool:
        seen = scope_in(request)
        if row.site_id is None:
            return seen.may(Action.VIEW_UNMATCHED)
        return seen.may(Action.VIEW_TEXTS, site=row.site_id)


admin.site.register(Task, TaskAdmin)

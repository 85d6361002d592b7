"""Tasks: work that stays until a named person says what came of it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.conversations import services as conversations
from apps.conversations import silent_sign
from apps.conversations.models import Drift, Task
from apps.conversations.vocabulary import TaskKind
from apps.staff.vocabulary import Action
from apps.workplace import calls, conversation
from apps.workplace.cards import Act, CardAdmin, Doing
from apps.workplace.forms import AboutForm
from apps.workplace.scoped import SiteFilter, moment, scope_in


class ResultForm(AboutForm):
    result = forms.CharField(label=_("What came of it"), max_length=200, widget=forms.Textarea({"rows": 2}))


class DoneFilter(admin.SimpleListFilter):
    title = _("done")
    parameter_name = "done"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("to do")), ("yes", _("done"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in ("no", "yes"):
            return queryset
        return queryset.filter(done_at__isnull=self.value() == "no")


def _close(it: Doing) -> Any:
    conversations.close_task(task=it.row, person=it.person, result=it.said["result"])
    return _("The task is done.")


def _is_open(row: Task) -> bool:
    return row.done_at is None


def _lines(row: Task) -> list[calls.Named]:
    if row.participant is not None:
        return calls.lines_of(row.participant)
    source = row.message or row.call
    line = source.line if source else None
    return [(str(_("unknown number")), line)] if line else []


class TaskAdmin(CardAdmin):
    """Tasks of a site, and the duty desk's."""

    right = Action.SEND
    unsited_right = Action.VIEW_UNMATCHED
    card_template = "workplace/task.html"
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
        Act("close", _("Done"), Action.SEND, _close, ResultForm, _is_open, is_main=True),
        Act("close_unsited", _("Done"), Action.VIEW_UNMATCHED, _close, ResultForm, _is_open, is_main=True),
    )

    @admin.display(description=_("to do"), ordering="kind")
    def what(self, row: Task) -> str:
        return str(TaskKind(row.kind).label)

    def _may(self, request: HttpRequest, row: Task, act: Act) -> bool:
        is_for_the_desk = act.name.endswith("_unsited")
        return is_for_the_desk == (row.site_id is None) and super()._may(request, row, act)

    def card_context(self, request: HttpRequest, row: Task) -> dict[str, Any]:
        pieces: tuple[conversation.Piece, ...] = ()
        if row.message is not None and self._reads(request, row):
            report = row.message.reports.filter(participant=row.participant).first()
            pieces = conversation.cut(row.message.body, report.findings if report else [])
        drift = Drift.objects.filter(task=row).first()
        signs = silent_sign.explained(drift) if drift else []
        return {"title": TaskKind(row.kind).label, "pieces": pieces, "signs": signs}

    def _reads(self, request: HttpRequest, row: Task) -> bool:
        seen = scope_in(request)
        if row.site_id is None:
            return seen.may(Action.VIEW_UNMATCHED)
        return seen.may(Action.VIEW_TEXTS, site=row.site_id)


admin.site.register(Task, TaskAdmin)

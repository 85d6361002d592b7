"""Participants: the list, the card with the conversation, and what staff may change. Entering somebody is in `enrolment`."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.participants import confirmations, services, signed_deviation
from apps.participants.models import Participant
from apps.participants.vocabulary import CONFIRMED, SILENT, ConsentKind, ContactKind, FollowUp, Standing
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action
from apps.workplace import awareness, baselines, by_phone, calls, conversation, judging, pauses, searches
from apps.workplace import participant_forms as asked
from apps.workplace.cards import Act, CardAdmin, Doing
from apps.workplace.enrolment import EnrolmentForm, enrol
from apps.workplace.scoped import SiteFilter, moment, scope_in


def _has_line(row: Participant) -> bool:
    return row.contact_points.filter(ended_at__isnull=True).exists()


def _has_unconfirmed(row: Participant) -> bool:
    return row.contact_points.filter(ended_at__isnull=True).exclude(standing__in=CONFIRMED).exists()


def _has_waiting(row: Participant) -> bool:
    return row.contact_points.filter(ended_at__isnull=True, standing=Standing.WAITING).exists()


def _has_consent(row: Participant) -> bool:
    return row.consents.filter(withdrawn_on__isnull=True).exists()


def _has_open_visit(row: Participant) -> bool:
    return row.visits.filter(done_on__isnull=True).exists()


def _is_suspended(row: Participant) -> bool:
    return row.texts_suspended_at is not None


def _add_phone(it: Doing) -> Any:
    services.add_contact_point(
        participant=it.row, kind=ContactKind(it.said["kind"]), number=it.said["number"], agreed_on=it.said["agreed_on"],
        is_checked=it.said["is_checked"],
    )  # fmt: skip
    return _("The phone is on record.")


def _phone_is_right(it: Doing) -> Any:
    confirmations.confirm_by_person(contact_point=it.said["phone"], person=it.person)
    return _("The number is confirmed. Texts go to it.")


def _ask_phone(it: Doing) -> Any:
    confirmations.ask_point_again(contact_point=it.said["phone"], person=it.person)
    return _("The number is asked by text, in the day.")


def _end_phone(it: Doing) -> Any:
    services.end_contact_point(contact_point=it.said["phone"], person=it.person)
    return _("The phone is no longer used.")


def _record_consent(it: Doing) -> Any:
    given = services.ConsentGiven(version=it.said["version"], given_on=it.said["given_on"])
    services.record_consent(participant=it.row, kind=ConsentKind(it.said["kind"]), consent=given)
    return _("The consent is on record.")


def _withdraw_consent(it: Doing) -> Any:
    kind, day = ConsentKind(it.said["kind"]), it.said["withdrawn_on"]
    services.withdraw_consent(participant=it.row, kind=kind, withdrawn_on=day)
    return _("The consent is withdrawn. Unprompted texts stop now.")


def _set_follow_up(it: Doing) -> Any:
    services.set_follow_up(participant=it.row, wanted=FollowUp(it.said["wanted"]), person=it.person)
    return _("The follow-up is changed.")


def _resume_texts(it: Doing) -> Any:
    services.resume_texts(participant=it.row, person=it.person)
    return _("The number is checked. Texts go out again.")


def _change_preferences(it: Doing) -> Any:
    said = {name: value for name, value in it.said.items() if name != "language" or value}  # not known: still asked
    services.change_preferences(participant=it.row, **said)
    return _("The preferences are changed.")


def _set_appointment(it: Doing) -> Any:
    appointment: datetime | None = it.said["appointment_at"]
    services.set_appointment(visit=it.said["visit"], appointment_at=appointment)
    return _("The appointment is set. Reminders follow it.")


def _record_visit(it: Doing) -> Any:
    day: date = it.said["done_on"]
    services.record_visit(visit=it.said["visit"], done_on=day)
    return _("The visit is recorded.")


class ParticipantAdmin(CardAdmin):
    """The people of a site."""

    right = Action.VIEW_PARTICIPANTS
    card_template = "workplace/participant.html"
    tells_of_health = True
    list_display = ("code", "site", "language", moment("day_zero", _("day 0")), "follow_up")
    list_filter = (SiteFilter, "follow_up")
    lookups = frozenset({"at", "follow_up__exact"})
    search_fields = ("code",)
    ordering = ("code",)
    add_form = EnrolmentForm
    add_right = Action.ENROL
    add_template = "workplace/enrol.html"
    add_label = _("Enter a participant")
    acts = (
        calls.act(calls.lines_of, Action.SEND, is_main=False),
        by_phone.OF_PARTICIPANT,
        Act("add_phone", _("Add a phone"), Action.ENROL, _add_phone, asked.AddPhone),
        Act(
            "phone_is_right",
            _("A number is confirmed: I asked its owner"),
            Action.SEND,
            _phone_is_right,
            asked.UnconfirmedPhone,
            _has_unconfirmed,
        ),
        Act("ask_phone", _("Ask a number by text again"), Action.SEND, _ask_phone, asked.WaitingPhone, _has_waiting),
        Act("end_phone", _("End a phone"), Action.ENROL, _end_phone, asked.EndPhone, _has_line),
        Act("consent", _("Record a consent"), Action.ENROL, _record_consent, asked.RecordConsent),
        Act("withdraw", _("Withdraw a consent"), Action.ENROL, _withdraw_consent, asked.WithdrawConsent, _has_consent),
        Act("preferences", _("Change preferences"), Action.ENROL, _change_preferences, asked.Preferences),
        Act("appointment", _("Set an appointment"), Action.SEND, _set_appointment, asked.Appointment, _has_open_visit),
        Act("visit_done", _("Record a visit"), Action.SEND, _record_visit, asked.VisitDone, _has_open_visit),
        Act("resume", _("The number is right: text again"), Action.SEND, _resume_texts, when=_is_suspended),
        *pauses.ACTS,
        *baselines.ACTS,
        judging.ACT,
        searches.BEGIN,
        Act("follow_up", _("Change the follow-up"), Action.ENROL, _set_follow_up, asked.ChangeFollowUp),
    )

    def add_row(self, request: HttpRequest, cleaned: dict[str, Any]) -> Participant:
        return enrol(cleaned)

    def were_listed(self, seen: Scope, rows: Iterable[Participant]) -> None:
        awareness.told_of_death(seen, (row for row in rows if row.follow_up in SILENT))

    def card_context(self, request: HttpRequest, row: Participant) -> dict[str, Any]:
        seen = scope_in(request)
        reads_texts = seen.may(Action.VIEW_TEXTS, site=row.site_id)
        events = row.events.select_related("data_key", "participant__site").order_by("-received_at")
        if seen.may(Action.VIEW_EVENTS, site=row.site_id):
            awareness.shown(seen, list(events))
        line = services.texting_line(row)
        return {
            "deviation_stands": signed_deviation.stands(row),
            "why_not": services.texting_status(row, line=line),
            "phones": row.contact_points.select_related("line__data_key").order_by("ended_at", "kind"),
            "consents": row.consents.order_by("-given_on"),
            "visits": row.visits.order_by("planned_on"),
            "coming": row.checkins.filter(state="planned").order_by("planned_at")[:8],
            "past": row.checkins.exclude(state__in=("planned", "cancelled")).order_by("-planned_at")[:8],
            "events": events if seen.may(Action.VIEW_EVENTS, site=row.site_id) else [],
            "tasks": row.tasks.filter(done_at__isnull=True).order_by("deadline") if reads_texts else [],
            "baselines": baselines.standing(row, at=clock.now()) if reads_texts else [],
            "search": searches.running_of(row) if reads_texts else None,
            "pauses": pauses.standing(row) if reads_texts else [],
            "chat": conversation.of(row) if reads_texts else None,
        }


admin.site.register(Participant, ParticipantAdmin)

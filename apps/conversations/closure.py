"""Closing a site, and what a text is answered after that. Two signatures, of two people; nothing open may be left behind."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from apps.conversations import judged
from apps.conversations.board import READ_WITHIN, open_task
from apps.conversations.commands import stops_or_starts
from apps.conversations.models import Closure, Task, Turn
from apps.conversations.speaking import local_time, promised_call, say
from apps.conversations.turns import turn_for
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Disposition, Purpose
from apps.participants import services as participants
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import SILENT, FollowUp
from apps.safety.models import AdverseEvent, SpokenReport
from apps.safety.vocabulary import EventState
from apps.staff.models import User
from apps.staff.services import scope, sign
from apps.staff.vocabulary import Action
from apps.triage import services as triage
from apps.triage.models import SymptomReport
from apps.trials.models import Site
from apps.trials.services import current_protocol

MEANING_INVESTIGATOR, MEANING_SPONSOR = "site closed, investigator", "site closed, sponsor"


class Why(models.TextChoices):
    """Why a site cannot be closed now."""

    TOO_EARLY = "too_early", _("It is too early: the protocol waits after the last day of the window.")
    EVENTS = "events", _("Adverse events are not judged yet")
    PAGING = "paging", _("Somebody is still being paged or called")
    TASKS = "tasks", _("Tasks are not done")
    SEARCHES = "searches", _("Participants are still searched for")
    TEXTS = "texts", _("Texts are not processed yet")


_COUNTED = _("%(why)s: %(count)s")


class ClosureRefused(Exception):
    """A site is not closed. `reasons` has every one: what, and how many, or 0 where that is not told."""

    def __init__(self, reasons: Sequence[tuple[Why, int]]) -> None:
        super().__init__(", ".join(f"{why.value} {count}" for why, count in reasons))
        self.reasons = list(reasons)

    def lines(self) -> list[str]:
        """Each reason as a sentence in the reader's language."""
        return [
            str(_COUNTED) % {"why": why.label, "count": count} if count else str(why.label)
            for why, count in self.reasons
        ]


class NotThisDay(Exception):
    """The day of closing is at least today; the sponsor signs on that day or later, after somebody else has signed for the site."""


# --- closing


def reasons_against(site: Site) -> list[tuple[Why, int]]:
    """Everything that is still open at this site."""
    earliest = site.trial.window_to + timedelta(days=current_protocol().closure.not_before_days)
    texts = InboundMessage.objects.filter(line__contact_points__participant__site=site, due_at__isnull=False)
    counts = (
        (Why.EVENTS, AdverseEvent.objects.filter(participant__site=site, state=EventState.DRAFT)),
        (Why.PAGING, Escalation.objects.filter(site=site, state__in=RUNNING)),
        (Why.TASKS, Task.objects.filter(site=site, done_at__isnull=True)),
        (Why.TEXTS, texts.filter(quarantined_at__isnull=True)),  # what is in quarantine is a task
        (Why.SEARCHES, Participant.objects.filter(site=site, searches__state="running")),  # rows of the floor above
    )
    found = [(why, rows.distinct().count()) for why, rows in counts]
    early = [(Why.TOO_EARLY, 0)] if local_time(site).date() < earliest else []
    return early + [(why, count) for why, count in found if count]


def without_numbers(reasons: Sequence[tuple[Why, int]]) -> list[tuple[Why, int]]:
    """For the sponsor: how many events a blinded trial has on a day, and how many people are being paged, is the site's to know."""
    return [(why, 0) for why, _count in reasons]


def standing(site: Site) -> Closure | None:
    """The closure that is signed by one or by both."""
    rows = site.closures.filter(taken_back_at__isnull=True)
    return rows.select_related("site", "investigator__signer", "sponsor__signer").first()


@transaction.atomic
def sign_closure(*, site: Site, closes_on: date, person: User, password: str) -> Closure:
    """The principal investigator names the day. Raises PermissionError, ClosureRefused, NotThisDay, NotSigned."""
    if not scope(person).may(Action.CLOSE_SITE, site=site.pk):
        raise PermissionError
    site = Site.objects.select_for_update().get(pk=site.pk)
    if reasons := reasons_against(site):
        raise ClosureRefused(reasons)
    if closes_on < local_time(site).date() or standing(site) is not None:
        raise NotThisDay
    key = uuid.uuid4()
    record = f"{Closure._meta.db_table}:{key}"
    signature = sign(
        signer=person, password=password, meaning=MEANING_INVESTIGATOR, record=record, content=_content(site, closes_on)
    )
    return Closure.objects.create(id=key, site=site, closes_on=closes_on, investigator=signature)


@transaction.atomic
def countersign_closure(*, site: Site, person: User, password: str) -> Closure:
    """The sponsor signs, on the named day or later: from this moment on the site is closed. What has come up since is a reason again."""
    if not scope(person).may(Action.COUNTERSIGN_CLOSURE, site=site.pk):
        raise PermissionError
    site = Site.objects.select_for_update().get(pk=site.pk)
    row = standing(site)
    if row is None or row.closed_at is not None or local_time(site).date() < row.closes_on:
        raise NotThisDay
    if row.investigator.signer_id == person.pk:
        raise NotThisDay
    if reasons := reasons_against(site):
        raise ClosureRefused(without_numbers(reasons))
    record = f"{Closure._meta.db_table}:{row.pk}"
    row.sponsor = sign(
        signer=person, password=password, meaning=MEANING_SPONSOR, record=record, content=_content(site, row.closes_on)
    )
    row.closed_at = clock.now()
    row.save()
    return row


@transaction.atomic
def take_back_closure(*, site: Site, person: User) -> None:
    """While the sponsor has not signed, the site takes its signature back; the row stays."""
    if not scope(person).may(Action.CLOSE_SITE, site=site.pk):
        raise PermissionError
    site = Site.objects.select_for_update().get(pk=site.pk)
    row = standing(site)
    if row is None or row.closed_at is not None:
        raise NotThisDay
    row.taken_back_at, row.taken_back_by = clock.now(), person
    row.save()


def _content(site: Site, closes_on: date) -> str:
    return f"{site.code}\n{closes_on.isoformat()}"


# --- after it


def is_closed(site: Site, *, at: datetime) -> bool:
    """Whether a text that was received then came after the closure. Inside the window nobody need look."""
    if at.date() <= site.trial.window_to:
        return False
    return Closure.objects.filter(site=site, closed_at__lte=at, taken_back_at__isnull=True).exists()


def handle(*, message: InboundMessage, points: list[ContactPoint]) -> None:
    """Stored, read by the rules, reported to a person of each site, and answered that nobody reads here any more.

    It pages nobody: who was on call is on call no longer. A stop is obeyed in silence.
    """
    stops_or_starts(message, points[0].line)
    reports = [triage.triage(message=message, participant=each.participant, sender=each.kind) for each in points]
    _answer(message, points, reports)
    for point, report in zip(points, reports, strict=True):
        _report(message, point, report)
    _kept(message, points, reports[0])


def _answer(message: InboundMessage, points: list[ContactPoint], reports: list[SymptomReport]) -> None:
    """One text. To a red flag it leaves as an emergency text does, also to a phone that has stopped its texts."""
    first, purpose = points[0], Purpose.REPLY
    if any(point.participant.follow_up in SILENT for point in points):
        return
    if any(triage.acts_at(report) in ("R1", "R2") for report in reports) or message.media_count:
        purpose = Purpose.EMERGENCY
    say(
        key=f"closed:{message.pk}", line=first.line, lang=first.participant.language, site=first.participant.site,
        wording_key="after_closure_auto", purpose=purpose,
    )  # fmt: skip


def _report(message: InboundMessage, point: ContactPoint, report: SymptomReport) -> None:
    """A task; a serious one, or one that nobody can place, within hours. A death also stops whatever texts there may be."""
    participant = point.participant
    is_death = report.path in ("death", "death_hold")
    if is_death and participant.follow_up not in SILENT:
        participants.set_follow_up(participant=participant, wanted=FollowUp.FROZEN)
    is_serious = is_death or triage.acts_at(report) in ("R1", "R2") or report.needs_person or bool(message.media_count)
    deadline = clock.now() + READ_WITHIN if is_serious else promised_call(participant.site).deadline
    open_task(
        key=f"after-closure:{message.pk}:{participant.pk}", kind=TaskKind.AFTER_CLOSURE, site=participant.site,
        participant=participant, message=message, deadline=deadline,
    )  # fmt: skip


def take_told(report: SpokenReport) -> None:
    """What was told to a person after it. Whoever wrote it has opened the case, which no text does; it is read and judged by tasks, as a
    text is read: an investigator who has dealt with it has read it.
    """
    event, site = report.event, report.event.participant.site
    if not report.is_dealt_with:
        is_serious = report.level in ("R1", "R2")
        open_task(
            key=f"after-closure:{report.pk}", kind=TaskKind.AFTER_CLOSURE, site=site, participant=event.participant, event=event,
            deadline=clock.now() + READ_WITHIN if is_serious else promised_call(site).deadline,
        )  # fmt: skip
    judged.ask([event])


def _kept(message: InboundMessage, points: list[ContactPoint], report: SymptomReport) -> None:
    """The turn of this text: there is nothing more to say, so it is not due. Of a shared phone nobody knows who wrote."""
    turn: Turn = turn_for(message, points[0], report=report)
    turn.due_at = None
    if len(points) > 1:
        turn.participant, turn.contact_point = None, None
    turn.save()
    messaging.settle(message=message, disposition=Disposition.PERSON)

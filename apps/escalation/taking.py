"""A named person takes it, then records the contact. Taken is not done: without a contact in time the chain opens again."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Case, Max, Q, When

from apps.audit.services import acting
from apps.core import clock, work
from apps.core.states import check_move
from apps.escalation import channel as channels
from apps.escalation import rules
from apps.escalation.endpoints import is_voice_pin
from apps.escalation.links import BadLink, page_of
from apps.escalation.models import Acknowledgement, ContactRecord, Escalation, Page
from apps.escalation.paging import Summons, cancel_pages, live_pages, locked, note_answered, plan_pages
from apps.escalation.people import may_open
from apps.escalation.rules import CodeText, Plan
from apps.escalation.stepping import begin_round, note, reopen, take_due_steps
from apps.escalation.texts import language_of, local_time, name_role, values_for_closed, wording_for_closed
from apps.escalation.vocabulary import (
    IS_CONTACT,
    MOVES,
    RUNNING,
    ContactResult,
    EscalationState,
    MilestoneKind,
    PageKind,
    PageState,
    Via,
)
from apps.messaging.vocabulary import HANDED_OVER, SendState
from apps.staff.models import User

_TELL_AGAIN = 300.0  # seconds
MAY_ARRIVE = HANDED_OVER | {SendState.CALLING, SendState.UNKNOWN}


class Answer(NamedTuple):
    """What to say to a member of staff: a wording key and its values."""

    wording: str
    values: dict[str, str]


class NotYours(Exception):
    """Only the person who has it can hand it over."""


# --- taking


@transaction.atomic
def acknowledge(*, escalation: Escalation, person: User, via: Via, page: Page | None = None) -> Acknowledgement:
    """This person has it. Every pending page is cancelled in the same transaction, and the others who were paged are told.

    When somebody has it already, the acknowledgement is kept as late and changes nothing (by rule it may count as the second). Of
    somebody who cannot open it, it counts as an answer by name, and everybody who can is paged again.
    The caller has made sure that it is this person: by their own phone, their sign-in, or their link.
    """
    escalation = locked(escalation.pk)
    is_late = escalation.state != EscalationState.OPEN
    cannot_open = not escalation.is_drill and not may_open(person, escalation.site)
    acknowledgement = Acknowledgement.objects.create(
        escalation=escalation,
        person=person,
        page=page,
        via=via,
        at=clock.now(),
        is_late=is_late,
        cannot_open=cannot_open,
    )
    if page is not None:
        _answered(page)
    if cannot_open:
        _answered_unopened(escalation, acknowledgement)
    elif not is_late:
        _take(escalation, acknowledgement)
    elif escalation.second_wanted and person.pk != escalation.acknowledged_by_id:
        _second_has_it(escalation, person)
    return acknowledgement


@transaction.atomic
def use_link(*, token: str) -> Page:
    """The page whose receiver has pressed the button of its link, once. Raises BadLink. The caller then takes the escalation."""
    page = page_of(token)
    locked(page.escalation_id)
    if not Page.objects.filter(pk=page.pk, link_used_at__isnull=True).update(link_used_at=clock.now()):
        raise BadLink
    page.refresh_from_db()
    _answered(page)
    return page


@transaction.atomic
def use_keys(*, page: Page, keys: str) -> bool:
    """Whether the keys pressed in a call are the called person's own PIN; then the page is answered, and the caller takes it.

    Once: the signature of a provider has no time, so a captured call would else take every later round.
    """
    locked(page.escalation_id)
    is_used = Page.objects.filter(pk=page.pk, state=PageState.ANSWERED).exists()
    if is_used or not is_voice_pin(person=page.person, pin=keys):
        return False
    _answered(page)
    return True


def _take(escalation: Escalation, acknowledgement: Acknowledgement) -> None:
    plan = rules.plan(escalation.snapshot)
    now, person = acknowledgement.at, acknowledgement.person
    cancel_pages(escalation)
    if escalation.is_drill:
        _finish(escalation, person, at=now)
        return
    check_move(MOVES, present=escalation.state, wanted=EscalationState.ACKNOWLEDGED)
    escalation.state = EscalationState.ACKNOWLEDGED
    escalation.acknowledged_at, escalation.acknowledged_by = now, person
    escalation.expires_at, escalation.reminded = now + _length(plan.expires), 0
    escalation.second_wanted = plan.second_acknowledgement
    escalation.save()
    _tell_the_others(escalation, acknowledgement)
    if acknowledgement.via != Via.SMS:  # a texted code is answered by the conversation, in the order of the texts
        _say_by_text(escalation, person, "staff_contact_menu", PageKind.MENU, f"menu:{acknowledgement.pk.hex[:12]}")
    _set_due(escalation, plan)


def _answered_unopened(escalation: Escalation, acknowledgement: Acknowledgement) -> None:
    """A duty doctor has answered a site's page: they need not wake again in this round, and are told whom to phone. Nobody has it yet,
    so the texter is promised nothing and the chain begins its next, wider round, once the people of the last step had time to answer."""
    person = acknowledgement.person
    cancel_pages(escalation, of=person)
    if escalation.state != EscalationState.OPEN:
        return
    if escalation.acknowledged_by is None:
        escalation.acknowledged_by, escalation.acknowledged_at = person, acknowledgement.at
        _begin_next_round(escalation)
        escalation.save()
    elif _answers_a_hand_over(escalation, acknowledgement):  # which stays the giver's meanwhile
        _begin_next_round(escalation)
        escalation.save()
    if acknowledgement.via != Via.SMS:
        wording = wording_for_closed(escalation, person)
        _say_by_text(escalation, person, wording, PageKind.CLOSED, f"closed:{acknowledgement.pk.hex[:12]}")


def _answers_a_hand_over(escalation: Escalation, acknowledgement: Acknowledgement) -> bool:
    """For the first time, and paged since: an answer to an older page takes no time from whom it was handed to by name."""
    given = escalation.milestones.filter(kind=MilestoneKind.HANDED_OVER).order_by("at").last()
    if given is None or escalation.holder is None:
        return False
    person = acknowledgement.person
    paged = escalation.pages.filter(person=person, kind=PageKind.PAGE, created_at__gte=given.at)
    before = escalation.acknowledgements.filter(person=person, at__gte=given.at).exclude(pk=acknowledgement.pk)
    return paged.exists() and not before.exists()


def _begin_next_round(escalation: Escalation) -> None:
    """Now, or a short rest after the last page: whoever was woken a moment ago is still reaching for the phone. Never a step later."""
    last = escalation.pages.filter(kind=PageKind.PAGE).aggregate(last=Max("created_at"))["last"] or escalation.opened_at
    at = max(clock.now(), last + work.seconds(rules.REST.total_seconds()))
    if escalation.next_step_at is not None and escalation.next_step_at < at:
        return
    escalation.round += 1 if escalation.place else 0  # at place 0 the next one is counted already
    begin_round(escalation)
    escalation.next_step_at = at
    work.set_due(Escalation.objects.filter(pk=escalation.pk), due_at=at)


def _second_has_it(escalation: Escalation, person: User) -> None:
    note(escalation, MilestoneKind.SECOND, person=person)
    escalation.second_wanted = False
    escalation.save()
    cancel_pages(escalation)


def _answered(page: Page) -> None:
    page.state = PageState.ANSWERED
    page.save(update_fields=["state"])
    note_answered(page)


def _tell_the_others(escalation: Escalation, acknowledgement: Acknowledgement) -> None:
    """Whoever was told "you are next" is told that somebody has it; whose page never left is not woken for that."""
    left = Q(message__state__in=MAY_ARRIVE) | Q(message__isnull=True, handed_at__isnull=False)
    told = escalation.pages.filter(left, kind=PageKind.PAGE, wakes=True).exclude(person=acknowledgement.person)
    for page in {page.person_id: page for page in told.select_related("person")}.values():
        occasion = f"taken:{acknowledgement.pk.hex[:12]}"
        _say_by_text(escalation, page.person, "staff_taken", PageKind.NOTICE, occasion)


def _say_by_text(escalation: Escalation, person: User, wording: str, kind: PageKind, occasion: str) -> None:
    channel = channels.of("sms", person)
    if channel is not None:
        summons = Summons(person, [channel], occasion=occasion, step=escalation.step)
        plan_pages(escalation, [summons], wording=wording, kind=kind)


@transaction.atomic
def tell_holder(*, escalation: Escalation) -> None:
    """A further text has joined an escalation that somebody has: that person hears of it, at most once in five minutes."""
    escalation = locked(escalation.pk)
    if escalation.state == EscalationState.ACKNOWLEDGED and escalation.acknowledged_by:
        span = int(clock.now().timestamp() // work.seconds(_TELL_AGAIN).total_seconds())
        _say_by_text(escalation, escalation.acknowledged_by, "staff_more", PageKind.NOTICE, f"more:{span}")


# --- after taking


def nag(escalation: Escalation) -> datetime | None:
    """Taken, no contact yet: reminders, then it opens again. The time of the next of these."""
    now, plan = clock.now(), rules.plan(escalation.snapshot)
    if escalation.second_wanted:
        take_due_steps(escalation)
        escalation.save()
    if escalation.expires_at is None or now >= escalation.expires_at:
        reopen(escalation)
        escalation.save()
        return escalation.next_step_at
    if escalation.acknowledged_by and (passed := _reminders_passed(escalation, plan, now)) > escalation.reminded:
        escalation.reminded = passed
        occasion = f"remind:{passed}:{escalation.expires_at:%d%H%M%S}"
        _say_by_text(escalation, escalation.acknowledged_by, "staff_reminder", PageKind.REMINDER, occasion)
        escalation.save()
    return _next_nag(escalation, plan)


def _reminders_passed(escalation: Escalation, plan: Plan, now: datetime) -> int:
    return sum(now >= time for time in _reminder_times(escalation, plan))


def _reminder_times(escalation: Escalation, plan: Plan) -> list[datetime]:
    """Reminders count back from the end, so that a bought span of an hour moves them too."""
    if escalation.expires_at is None:
        return []
    return [escalation.expires_at - _length(plan.expires - each) for each in plan.remind]


def _next_nag(escalation: Escalation, plan: Plan) -> datetime | None:
    times = _reminder_times(escalation, plan)[escalation.reminded :]
    if escalation.second_wanted and escalation.next_step_at:
        times.append(escalation.next_step_at)
    return min([*times, escalation.expires_at or clock.now()])


def _set_due(escalation: Escalation, plan: Plan) -> None:
    work.set_due(Escalation.objects.filter(pk=escalation.pk), due_at=_next_nag(escalation, plan))


# --- the contact


@transaction.atomic
def record_contact(*, escalation: Escalation, person: User, result: ContactResult, via: Via) -> ContactRecord:
    """What came of calling the texter. Reached and at hospital end the escalation, and so does a task closed without a contact;
    no answer buys time; hand over opens it again.

    Recording a result on one that nobody has taken takes it first. Raises NotYours when somebody hands over what another has, and for
    whoever cannot open it: they do not know whom to reach.
    """
    escalation = locked(escalation.pk)
    if not escalation.is_drill and not may_open(person, escalation.site):
        raise NotYours
    if escalation.state == EscalationState.OPEN:
        if result == ContactResult.HAND_OVER:
            raise NotYours
        acknowledge(escalation=escalation, person=person, via=via)
        escalation.refresh_from_db()
    elif result == ContactResult.HAND_OVER and escalation.acknowledged_by_id != person.pk:
        raise NotYours
    record = ContactRecord.objects.create(escalation=escalation, person=person, result=result, via=via, at=clock.now())
    if escalation.state == EscalationState.ACKNOWLEDGED:
        _apply(escalation, record)
    return record


def _apply(escalation: Escalation, record: ContactRecord) -> None:
    plan = rules.plan(escalation.snapshot)
    if record.result in IS_CONTACT:
        _finish(escalation, record.person, at=record.at)
    elif record.result == ContactResult.CLOSED:
        _finish(escalation, record.person, at=record.at, with_contact=False)
    elif record.result == ContactResult.HAND_OVER:
        reopen(escalation, handed_over=True)
        escalation.save()
        work.set_due(Escalation.objects.filter(pk=escalation.pk), due_at=escalation.next_step_at)
    else:
        bought = record.at + _length(plan.attempt_buys)
        escalation.expires_at = max(escalation.expires_at or bought, bought)
        escalation.reminded = _reminders_passed(escalation, plan, record.at)
        escalation.save()
        _set_due(escalation, plan)


def _finish(escalation: Escalation, person: User, *, at: datetime, with_contact: bool = True) -> None:
    wanted = EscalationState.CONTACTED if with_contact else EscalationState.CLOSED
    check_move(MOVES, present=escalation.state, wanted=wanted)
    escalation.state, escalation.contacted_at = wanted, at if with_contact else None
    escalation.acknowledged_at = escalation.acknowledged_at or at
    escalation.acknowledged_by = escalation.acknowledged_by or person
    escalation.expires_at, escalation.next_step_at, escalation.second_wanted = None, None, False
    escalation.save()
    cancel_pages(escalation)
    work.set_due(Escalation.objects.filter(pk=escalation.pk), due_at=None)


# --- by text, from the person's own phone


def answer_staff_text(*, person: User, text: str) -> Answer | None:
    """A code that this person was paged with, alone or with a result; None when the text holds none.

    The caller has matched the sending phone to this person, so a code read over a shoulder acknowledges nothing.
    """
    found = rules.read_code(text)
    if found is None:
        return None
    page = _page_with(found.code, person)
    if page is None:
        is_meant = found.is_whole and live_pages(person).exists()
        return Answer("staff_code_unknown", {}) if is_meant else None
    with acting(actor=f"user:{person.pk}", reason="code by text message"):  # the trail names the person, not the worker
        return _answer(page, person, found)


def meant_by(*, person: User, text: str) -> Escalation | None:
    """The escalation whose code this person's text holds, not yet locked: whoever it is about is held before it."""
    found = rules.read_code(text)
    page = _page_with(found.code, person) if found is not None else None
    return page.escalation if page is not None else None


def _page_with(code: str, person: User) -> Page | None:
    pages = live_pages(person).filter(code=code).select_related("escalation__site", "escalation__acknowledged_by")
    # One code stands on the page of every channel; an answer by text proves the route of the text.
    by_text = Case(When(channel="sms", then=0), default=1)
    return pages.order_by("-escalation__opened_at", by_text, "-created_at").first()


def _answer(page: Page, person: User, found: CodeText) -> Answer:
    escalation = page.escalation
    result = ContactResult(found.result) if found.result in ContactResult.values else None
    if found.result and result is None:
        return Answer("staff_code_unknown", {})
    if result is None or not (escalation.is_drill or may_open(person, escalation.site)):
        return _answer_to_code(escalation, person, page)
    try:
        record = record_contact(escalation=escalation, person=person, result=result, via=Via.SMS)
    except NotYours:
        return _whose(escalation, person, page)
    return Answer("staff_noted", {"ref": escalation.ref, "time": local_time(escalation, record.at)})


def _answer_to_code(escalation: Escalation, person: User, page: Page) -> Answer:
    second = escalation.second_wanted and escalation.acknowledged_by_id != person.pk
    second = second and may_open(person, escalation.site)
    acknowledgement = acknowledge(escalation=escalation, person=person, via=Via.SMS, page=page)
    escalation.refresh_from_db()
    if acknowledgement.cannot_open and escalation.state == EscalationState.OPEN:
        wording = wording_for_closed(escalation, person)
        return Answer(
            wording, values_for_closed(escalation, wording, language=language_of(person), at=acknowledgement.at)
        )
    if escalation.is_drill or second:
        return Answer("staff_noted", {"ref": escalation.ref, "time": local_time(escalation, acknowledgement.at)})
    return _whose(escalation, person, page)


def _whose(escalation: Escalation, person: User, page: Page) -> Answer:
    """It is yours, with the menu of results; or who has it since when."""
    holder, since = escalation.acknowledged_by, escalation.acknowledged_at
    if holder is None or since is None:
        return Answer("staff_code_unknown", {})
    values = {"ref": escalation.ref, "time": local_time(escalation, since)}
    if holder.pk == person.pk and escalation.state in RUNNING:
        return Answer("staff_contact_menu", values | {"code": page.code})
    name = name_role(holder, language=language_of(person))
    return Answer("staff_taken", values | {"name_role": name})


def _length(length: timedelta) -> timedelta:
    return work.seconds(length.total_seconds())

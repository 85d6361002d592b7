"""Entering participants, their consents, phones, visits and where their follow-up stands. The only writers of this floor."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import available_timezones

from django.db import transaction

from apps.core import clock, phone, work
from apps.core.states import check_move
from apps.core.work import Lane
from apps.participants import confirmations, pauses, rules, signed_deviation
from apps.participants.contacts import (
    AlreadyOnRecord,
    add_contact_point,
    asking_status,
    caregiver_line,
    contact_points_of,
    end_contact_point,
    has_consents,
    phone_status,
    silence,
    texting_line,
    texting_status,
)
from apps.participants.holding import hold
from apps.participants.models import Consent, Participant, Plan, Visit
from apps.participants.rules import ConsentGiven, Limits, Problem, age_on
from apps.participants.vocabulary import MOVES, ConsentKind, ContactKind, FollowUp, Language, PauseCode, Rule, Sex
from apps.staff.models import Signature, User
from apps.staff.services import NotSigned, scope, sign
from apps.staff.vocabulary import Action
from apps.trials.models import Phase, Site, Trial
from apps.trials.services import current_protocol
from apps.vault.services import create_data_key

__all__ = [
    "AlreadyOnRecord",
    "ConsentGiven",
    "Deviation",
    "EnrolmentRefused",
    "Problem",
    "add_contact_point",
    "age_on",
    "asking_status",
    "caregiver_line",
    "change_preferences",
    "contact_points_of",
    "end_contact_point",
    "enrol",
    "has_consents",
    "phone_status",
    "plan_visits",
    "record_consent",
    "record_visit",
    "replan",
    "resume_texts",
    "set_appointment",
    "set_follow_up",
    "suspend_texts",
    "texting_line",
    "texting_status",
    "withdraw_consent",
]


class EnrolmentRefused(Exception):
    """An enrolment or a change breaks the protocol's rules. `problems` has every one: field, rule, message."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(f"{problem.field}: {problem.rule.value}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Deviation:
    """ "Randomised in error": the deviation's number, and the principal investigator who signs with their own password."""

    number: str
    signer: User
    password: str = field(repr=False)


# --- entering


@transaction.atomic
def enrol(
    *,
    code: str,
    site: Site,
    phase: Phase,
    sex: Sex,
    birth_date: date,
    language: Language | None,
    day_zero: date,
    trial_consent: ConsentGiven | None,
    sms_consent: ConsentGiven | None,
    phone_number: str,
    is_number_checked: bool = False,
    caregiver_number: str = "",
    caregiver_agreed_on: date | None = None,
    send_time: time | None = None,
    timezone: str = "",
    is_discreet: bool = False,
    cannot_read: bool = False,
    deviation: Deviation | None = None,
) -> Participant:
    """Enter a participant with consents, phones and a plan that is due at once.

    Raises EnrolmentRefused with every broken rule; then nothing is written. Age outside the criteria and a full cohort are accepted
    with a `deviation` alone: somebody who was randomised is never refused follow-up (decision 20). Without a `language` it is asked by
    text; a number is too, unless `is_number_checked`, and so is a caregiver without the day on which they agreed.
    """
    limits = _limits(site)
    today = clock.today(site.timezone)
    consented_on = trial_consent.given_on if trial_consent else None
    outside = list(rules.criteria_problems(birth_date, consented_on=consented_on, limits=limits))
    problems = [
        *rules.code_problems(code, site_code=site.code),
        *_taken_problems(code),
        *_phase_problems(phase, site, day_zero),
        *rules.consent_problems("trial_consent", trial_consent, missing=Rule.TRIAL_CONSENT, today=today),
        *rules.consent_problems("sms_consent", sms_consent, missing=Rule.SMS_CONSENT, today=today),
        *rules.birth_problems(birth_date, consented_on=consented_on),
        *rules.day_zero_problems(day_zero, consented_on=consented_on, limits=limits, today=today),
        *_number_problems("phone_number", phone_number, site=site, needed=True),
        *_number_problems("caregiver_number", caregiver_number, site=site, needed=False),
        *_preference_problems(send_time, timezone),
        *(outside if deviation is None else _deviation_problems(deviation, site)),
    ]
    if problems or trial_consent is None or sms_consent is None:
        raise EnrolmentRefused(problems)
    participant = Participant(
        code=code,
        site=site,
        phase=phase,
        sex=sex,
        data_key=create_data_key(),
        birth_date=birth_date.isoformat(),
        language=language or _LANGUAGE_OF.get(site.country, Language.EN),
        language_is_known=language is not None,
        day_zero=day_zero,
        send_time=send_time,
        timezone=timezone,
        is_discreet=is_discreet,
        cannot_read=cannot_read,
        enrolled_at=clock.now(),
    )
    if deviation is not None:
        participant.deviation_number = deviation.number
        participant.deviation_signature = _signed(deviation, participant)
    participant.save()
    _put_consent(participant, ConsentKind.TRIAL, trial_consent)
    _put_consent(participant, ConsentKind.SMS, sms_consent)
    agreed_on = sms_consent.given_on
    add_contact_point(
        participant=participant, kind=ContactKind.PARTICIPANT, number=phone_number, agreed_on=agreed_on,
        is_checked=is_number_checked,
    )  # fmt: skip
    if caregiver_number:
        kind = ContactKind.CAREGIVER
        add_contact_point(participant=participant, kind=kind, number=caregiver_number, agreed_on=caregiver_agreed_on)
    Plan.objects.create(participant=participant, due_at=clock.now(), lane=Lane.BULK)
    return participant


# What is spoken until the participant has said it.
_LANGUAGE_OF: Mapping[str, Language] = {"CN": Language.ZH_HANS}


def _limits(site: Site) -> Limits:
    """The trial's limits. The row is locked, so that two people cannot both enter the last participant."""
    trial = Trial.objects.select_for_update().get(pk=site.trial_id)
    enrolled = Participant.objects.filter(site__trial=trial).count()
    return Limits(trial.age_min, trial.age_max, trial.enrolment, enrolled, trial.window_to)


def _taken_problems(code: str) -> Iterator[Problem]:
    if Participant.objects.filter(code=code).exists():
        yield Problem("code", Rule.CODE_TAKEN)


def _phase_problems(phase: Phase, site: Site, day_zero: date) -> Iterator[Problem]:
    if phase.trial_id != site.trial_id:
        yield Problem("phase", Rule.OTHER_TRIAL)
        return
    begins = {each.code: each.effective_from for each in current_protocol().phases}.get(phase.code)
    if begins is None or day_zero < begins:
        yield Problem("phase", Rule.PHASE_NOT_BEGUN)


def _number_problems(name: str, number: str, *, site: Site, needed: bool) -> Iterator[Problem]:
    if not number.strip():
        if needed:
            yield Problem(name, Rule.NEEDED)
        return
    try:
        phone.parse_mobile(number, region=site.country)
    except phone.NotAMobile:
        yield Problem(name, Rule.NOT_A_MOBILE)


def _preference_problems(send_time: time | None, timezone: str) -> Iterator[Problem]:
    times = current_protocol().quiet_hours.times
    if send_time is not None and send_time not in times:
        yield Problem("send_time", Rule.SEND_TIME, {"times": ", ".join(f"{each:%H:%M}" for each in times)})
    if timezone and timezone not in available_timezones():
        yield Problem("timezone", Rule.TIMEZONE)


def _deviation_problems(deviation: Deviation, site: Site) -> Iterator[Problem]:
    if not deviation.number.strip():
        yield Problem("deviation_number", Rule.DEVIATION_NUMBER)
    if not scope(deviation.signer).may(Action.SIGN_ENROLMENT, site=site.pk):
        yield Problem("deviation_signer", Rule.NOT_THE_PI)
    elif not deviation.signer.check_password(deviation.password):
        yield Problem("deviation_password", Rule.SIGNATURE)


def _signed(deviation: Deviation, participant: Participant) -> Signature:
    try:
        return sign(
            signer=deviation.signer,
            password=deviation.password,
            meaning="randomised in error",
            record=f"participants_participant:{participant.pk}",
            content=signed_deviation.content(participant),
        )
    except NotSigned:
        raise EnrolmentRefused([Problem("deviation_password", Rule.SIGNATURE)]) from None


# --- consents


@transaction.atomic
def record_consent(*, participant: Participant, kind: ConsentKind, consent: ConsentGiven) -> Consent:
    """A further consent, such as to a new version of the form. Raises EnrolmentRefused."""
    today = clock.today(participant.site.timezone)
    problems = list(rules.consent_problems("given_on", consent, missing=Rule.NEEDED, today=today))
    same = participant.consents.filter(kind=kind, version=consent.version, given_on=consent.given_on)
    if same.exists():
        problems.append(Problem("version", Rule.CONSENT_TWICE))
    if problems:
        raise EnrolmentRefused(problems)
    row = _put_consent(participant, kind, consent)
    confirmations.ask_again(participant)
    replan(participant=participant)
    return row


@transaction.atomic
def withdraw_consent(*, participant: Participant, kind: ConsentKind, withdrawn_on: date) -> int:
    """Withdraw every valid consent of this kind. Unprompted texts stop at once; the rows stay. Returns how many.

    What it means for the follow-up is a separate, signed decision of a person (`set_follow_up`). Raises EnrolmentRefused.
    """
    hold([participant])
    rows = list(participant.consents.select_for_update().filter(kind=kind, withdrawn_on__isnull=True))
    if withdrawn_on > clock.today(participant.site.timezone):
        raise EnrolmentRefused([Problem("withdrawn_on", Rule.CONSENT_IN_FUTURE)])
    if any(withdrawn_on < row.given_on for row in rows):
        raise EnrolmentRefused([Problem("withdrawn_on", Rule.WITHDRAWN_BEFORE_GIVEN)])
    for row in rows:
        row.withdrawn_on = withdrawn_on
        row.save(update_fields=["withdrawn_on"])
    silence(participant)
    replan(participant=participant)
    return len(rows)


def _put_consent(participant: Participant, kind: ConsentKind, consent: ConsentGiven) -> Consent:
    return Consent.objects.create(
        participant=participant, kind=kind, version=consent.version, given_on=consent.given_on
    )


# --- where the follow-up stands


@transaction.atomic
def set_follow_up(*, participant: Participant, wanted: FollowUp, person: User | None = None) -> None:
    """Move a participant's follow-up. Without a `person` only the freeze after a death text is possible.

    Raises states.IllegalMove, and EnrolmentRefused when a person is needed.
    """
    row = Participant.objects.select_for_update(no_key=True).get(pk=participant.pk)
    check_move(MOVES, present=row.follow_up, wanted=wanted)
    if person is None and wanted != FollowUp.FROZEN:
        raise EnrolmentRefused([Problem("follow_up", Rule.NEEDS_A_PERSON)])
    if wanted == FollowUp.LOST and person and not scope(person).may(Action.SIGN_ENROLMENT, site=participant.site_id):
        raise EnrolmentRefused([Problem("follow_up", Rule.NOT_THE_PI)])
    participant.follow_up = wanted
    participant.save(update_fields=["follow_up"])
    if wanted != FollowUp.ACTIVE:
        silence(participant)
    else:
        confirmations.ask_again(participant)
    if wanted == FollowUp.FROZEN:
        pauses.begin(participant=participant, code=PauseCode.DEATH_PATH)
    else:
        pauses.end_bound(participant=participant, code=PauseCode.DEATH_PATH)
    replan(participant=participant)


@transaction.atomic
def suspend_texts(*, participant: Participant) -> None:
    """The number may belong to somebody else: no unprompted text until a person has checked it."""
    if participant.texts_suspended_at is None:
        participant.texts_suspended_at = clock.now()
        participant.save(update_fields=["texts_suspended_at"])
        silence(participant)
        pauses.begin(participant=participant, code=PauseCode.NUMBER_CHECK)


@transaction.atomic
def resume_texts(*, participant: Participant, person: User) -> None:
    """A person has checked the number."""
    if not person.is_active:
        raise EnrolmentRefused([Problem("texts_suspended_at", Rule.NEEDS_A_PERSON)])
    participant.texts_suspended_at = None
    participant.save(update_fields=["texts_suspended_at"])
    pauses.end_bound(participant=participant, code=PauseCode.NUMBER_CHECK)
    confirmations.ask_again(participant)
    replan(participant=participant)


@transaction.atomic
def change_preferences(*, participant: Participant, **wanted: str | bool | time | None) -> None:
    """Change any of language, send_time, timezone, is_discreet, cannot_read, wants_daily_plan, wants_diary. Raises EnrolmentRefused."""
    for name, value in wanted.items():
        if name not in _PREFERENCES:
            raise TypeError(f"{name} is no preference")
        setattr(participant, name, value)
    if problems := list(_preference_problems(participant.send_time, participant.timezone)):
        participant.refresh_from_db(fields=sorted(_PREFERENCES))
        raise EnrolmentRefused(problems)
    if "language" in wanted and not participant.language_is_known:
        participant.language_is_known = True
        participant.save(update_fields=["language_is_known"])
        confirmations.ask_again(participant)
    participant.save(update_fields=sorted(wanted))
    replan(participant=participant)


_PREFERENCES = frozenset(
    {"language", "send_time", "timezone", "is_discreet", "cannot_read", "wants_daily_plan", "wants_diary"}
)


def replan(*, participant: Participant) -> None:
    """Ask for this participant's plan to be recomputed now."""
    work.set_due(Plan.objects.filter(participant=participant), due_at=clock.now())


# --- visits


def plan_visits(*, participant: Participant, planned: Mapping[str, date]) -> dict[str, Visit]:
    """The visits of these codes, each planned for its day unless it has an appointment or is done. The caller holds the participant."""
    visits = {visit.code: visit for visit in participant.visits.filter(code__in=planned)}
    new = [Visit(participant=participant, code=code, planned_on=planned[code]) for code in planned.keys() - visits]
    for visit in visits.values():
        if visit.planned_on != planned[visit.code] and not (visit.appointment_at or visit.done_on):
            visit.planned_on = planned[visit.code]
            visit.save(update_fields=["planned_on"])
    return visits | {visit.code: visit for visit in Visit.objects.bulk_create(new)}


@transaction.atomic
def set_appointment(*, visit: Visit, appointment_at: datetime | None) -> None:
    """An appointment as an aware time, or None to take it away. Reminders follow it."""
    if appointment_at is not None and appointment_at.tzinfo is None:
        raise ValueError("an appointment has a time zone")
    hold([visit.participant])
    visit.appointment_at = appointment_at
    visit.save(update_fields=["appointment_at"])
    replan(participant=visit.participant)


@transaction.atomic
def record_visit(*, visit: Visit, done_on: date) -> None:
    """The visit took place: nothing reminds of it any more."""
    hold([visit.participant])
    visit.done_on = done_on
    visit.save(update_fields=["done_on"])
    replan(participant=visit.participant)

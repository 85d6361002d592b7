"""What somebody tells a person of the site on the phone: the case, the page, the stop of texts, as if they had written it."""

from dataclasses import asdict, replace
from datetime import timedelta

from django.db import transaction

from apps.conversations import alarm, closure, returning, stays
from apps.conversations.board import NotYourTask, close_task, open_task
from apps.conversations.models import Task
from apps.conversations.routing import record_contact
from apps.conversations.vocabulary import CALLS, SPOKEN, TELLING, TaskKind
from apps.core import clock
from apps.escalation import services as escalation
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import ChainName, ContactResult, EscalationState, Via
from apps.participants import pauses
from apps.participants import services as participants
from apps.participants.holding import hold
from apps.participants.models import Participant
from apps.participants.vocabulary import SILENT, FollowUp, PauseCode, PauseEnded
from apps.safety import by_person
from apps.safety.by_person import Telling
from apps.safety.models import AdverseEvent, SpokenReport
from apps.staff.models import User
from apps.triage import services as triage

READ_WITHIN = timedelta(minutes=15)
_NEVER_ALONE = timedelta(days=1)  # a chain that its contact ends at once takes no step of its own
# What a call was to settle besides (a number, an appointment, a caregiver's yes) keeps its task, whatever is told in it.
_ENDED = SPOKEN | TELLING
_MAY_TELL = CALLS | TELLING | {TaskKind.CONFIRM, TaskKind.CAREGIVER}


def may_be_told(task: Task) -> bool:
    """Whether this task is a call in which somebody may have told something."""
    return task.done_at is None and task.participant is not None and task.kind in _MAY_TELL


def read(participant: Participant, telling: Telling) -> Telling:
    """The same with how the rules read its words."""
    is_away = pauses.known_stay(participant) is not None
    heard = triage.read_words(
        words=telling.words.strip(), participant=participant, at=telling.told_at, open_admission=is_away
    )
    findings = [asdict(finding) for finding in heard.findings]
    is_home = stays.is_coming_home(participant, findings, heard.reason)
    return replace(telling, heard=heard, is_home_again=is_home)


@transaction.atomic
def tell(
    *,
    participant: Participant,
    person: User,
    telling: Telling,
    task: Task | None = None,
    case: AdverseEvent | None = None,
) -> SpokenReport:
    """Everything that a telling asks for. The same one sent twice is one.

    What is urgent, as entered or as the words read, pages people as a text would, unless an investigator says that it is dealt with:
    then that is the contact, in their name. After a site's closing it pages nobody, as no text does. `task`: the call in which it was
    told, closed by it. Raises SafetyError, NotYourTask.
    """
    hold([participant])
    if (before := by_person.known(participant=participant, person=person, telling=telling)) is not None:
        return before
    participant = Participant.objects.select_related("site").get(pk=participant.pk)
    if task is not None:
        if task.participant_id != participant.pk:
            raise NotYourTask
        Task.objects.select_for_update().get(pk=task.pk)  # before the escalation that closing it ends
    telling = read(participant, telling)
    by_person.check(participant=participant, person=person, telling=telling, case=case)
    is_closed = closure.is_closed(participant.site, at=clock.now())  # who was on call is on call no longer
    running = None if is_closed else _people(participant, person, telling)
    report = by_person.open_told_case(
        participant=participant,
        person=person,
        telling=telling,
        escalation=running,
        case=case,
        is_asked_about=not is_closed,
    )
    if running is not None and telling.is_dealt_with:
        result = ContactResult.HOSPITAL if telling.item == by_person.ADMITTED else ContactResult.REACHED
        record_contact(running=running, person=person, result=result, via=Via.ADMIN)
    if telling.is_death:
        _freeze(participant, person)
    if is_closed:
        closure.take_told(report)
    elif telling.is_death:
        _have_it_read(report)
    else:
        _change_contact(report, participant)
    if task is not None and task.kind in _ENDED:
        close_task(task=task, person=person, result=_result(report))
    return report


def _people(participant: Participant, person: User, telling: Telling) -> Escalation | None:
    """Who is paged about it. A death is read by a person within minutes, as one that a text reports (clinical rule 5).

    A coordinator who has the page already and is told more hands it on: else nobody but themselves would hear of it.
    """
    if not telling.pages:
        return None
    level = "R2" if telling.is_death else telling.level
    if telling.is_dealt_with:
        return alarm.running(participant) or escalation.start(
            chain=ChainName(level), site=participant.site, received_at=telling.told_at,
            not_before=clock.now() + _NEVER_ALONE,
        )  # fmt: skip
    running = alarm.page(
        participant=participant, level=level, received_at=telling.told_at, night_page=telling.pages_at_night
    )
    running.refresh_from_db()
    is_holder = running.state == EscalationState.ACKNOWLEDGED and running.acknowledged_by_id == person.pk
    if is_holder and not by_person.is_investigator(person, participant):
        record_contact(running=running, person=person, result=ContactResult.HAND_OVER, via=Via.ADMIN)
    return running


def _freeze(participant: Participant, person: User) -> None:
    """After a death all sending stops."""
    if participant.follow_up not in SILENT:
        participants.set_follow_up(participant=participant, wanted=FollowUp.FROZEN, person=person)


def _have_it_read(report: SpokenReport) -> None:
    """A person reads of a death at once, unless the one who wrote it is who would be asked to."""
    if not report.is_dealt_with:
        participant = report.event.participant
        open_task(
            key=f"told-death:{report.pk}", kind=TaskKind.DEATH, site=participant.site, participant=participant,
            event=report.event, deadline=clock.now() + READ_WITHIN,
        )  # fmt: skip


def _change_contact(report: SpokenReport, participant: Participant) -> None:
    """What it changes in how they are asked: a stay, its end, a transplant; and who was lost has been heard of."""
    if participant.follow_up in SILENT:
        return
    if report.item == by_person.ADMITTED:
        pauses.begin(participant=participant, code=PauseCode.IN_HOSPITAL)
    elif report.item == by_person.TRANSPLANT:
        pauses.begin(participant=participant, code=PauseCode.TRANSPLANT)
    elif report.item == by_person.HOME and (stay := pauses.known_stay(participant)) is not None:
        pauses.end(pause=stay, because=PauseEnded.BACK_HOME)
    if participant.follow_up == FollowUp.LOST:
        returning.call(participant, key=f"returned:{report.pk}")


def _result(report: SpokenReport) -> str:
    return f"{ContactResult.REACHED.label}: {report.get_teller_display()}, {report.event.case_number}"

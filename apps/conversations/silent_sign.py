"""The watch on the silent sign: a change in how a participant answers is brought to a person. It only raises, and explains itself.

Off until the trial file switches it on (`[triage] watch_silent_sign`); what it would bring, and what it would miss, is measured on the
stored texts before that.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from apps.conversations import habits
from apps.conversations.board import open_task
from apps.conversations.habits import Answer, Sign
from apps.conversations.models import Drift, Question, Turn
from apps.conversations.speaking import CHECKIN_FAMILY, promised_call
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.participants.models import Participant
from apps.participants.vocabulary import ContactKind
from apps.triage import rules
from apps.triage.models import SymptomReport
from apps.triage.rules.net import language_of
from apps.trials.services import current_protocol
from apps.vault.models import KeyDestroyed

FOLLOWS_WITHIN = timedelta(days=14)
_BRAIN = frozenset({"confusion", "drowsiness", "behaviour_change", "tremor_flap", "sleep_reversal", "unconscious"})
_LEVELS = ("R1", "R2", "R3")
NAMES = {
    "slow": _("answers much later than usual (minutes)"),
    "small_hours": _("answers between midnight and five"),
    "malformed": _("digits that are on no list"),
    "script": _("writes in another script than always"),
    "contradicts": _("answers that contradict each other"),
}


def watch(turn: Turn) -> Drift | None:
    """After a text of a participant's own phone: bring a changed way of answering to a person, once in a fortnight."""
    if not current_protocol().triage.watch_silent_sign or turn.participant is None or not _is_own(turn):
        return None
    now = clock.now()
    if turn.participant.drifts.filter(noticed_at__gt=now - habits.QUIET_AFTER).exists():
        return None
    found = signs_of(turn.participant, at=now)
    if not habits.is_drift(found):
        return None
    drift = Drift.objects.create(participant=turn.participant, noticed_at=now, signs=[asdict(sign) for sign in found])
    drift.task = open_task(
        key=f"changed:{drift.pk}",
        kind=TaskKind.CHANGED,
        site=turn.participant.site,
        participant=turn.participant,
        message=turn.message,
        deadline=promised_call(turn.participant.site).deadline,
    )
    drift.save()
    return drift


def _is_own(turn: Turn) -> bool:
    return turn.contact_point is not None and turn.contact_point.kind == ContactKind.PARTICIPANT


def signs_of(participant: Participant, *, at: datetime) -> tuple[Sign, ...]:
    """What has changed in how this participant answers, as of a time."""
    return habits.signs(list(_answers(participant, at)), now=at)


def _answers(participant: Participant, at: datetime) -> Iterator[Answer]:
    """Every text of the participant's own phones in the time that a habit is learnt from, oldest first."""
    turns = Turn.objects.filter(
        participant=participant,
        contact_point__kind=ContactKind.PARTICIPANT,
        arrived_at__gte=at - habits.HISTORY,
        arrived_at__lte=at,
    ).select_related("message__data_key", "report")
    answered = {
        question.answered_by_id: question
        for question in Question.objects.filter(participant=participant, answered_by__isnull=False)
    }
    for turn in turns.order_by("arrived_at"):
        question = answered.get(turn.message_id)
        is_checkin = question is not None and question.wording in CHECKIN_FAMILY
        yield Answer(
            at=turn.arrived_at.astimezone(participant.zone),
            latency=turn.arrived_at - question.asked_at if question else None,
            digits=tuple(question.answer.split()) if question and is_checkin else (),
            is_malformed=turn.reply_wording == "bad_number",
            has_symptom=turn.report is not None and turn.report.level in _LEVELS,
            script=_script_of(turn) if question is None else "",
        )


def _script_of(turn: Turn) -> str:
    """The script of free words; "" for a command, for digits, or when the text can no longer be read."""
    try:
        body = turn.message.body
    except KeyDestroyed:
        return ""
    if turn.command or not any(sign.isalpha() for sign in body):
        return ""
    return language_of(rules.engine().read(body).words)


def explained(drift: Drift) -> list[str]:
    """Each sign as a sentence: what, how it used to be, how it is."""
    return [f"{NAMES[sign['name']]}: {sign['usual']} → {sign['now']}" for sign in drift.signs]


@dataclass(frozen=True)
class Yield:
    """What the watch would have brought in a period: `raised` drifts, `followed` by signs of the brain within a fortnight, `episodes`
    of such signs, `missed` of them without a drift in the fortnight before."""

    participants: int
    raised: int
    followed: int
    episodes: int
    missed: int


def measured(*, since: datetime, until: datetime) -> Yield:
    """The watch replayed over the stored texts of a period, whether it is on or off. Writes nothing."""
    people = list(Participant.objects.select_related("site"))
    raised = followed = episodes = missed = 0
    for participant in people:
        drifts = _would_raise(participant, since, until)
        brain = _episodes(participant, since, until + FOLLOWS_WITHIN)
        raised += len(drifts)
        followed += sum(any(drift < each <= drift + FOLLOWS_WITHIN for each in brain) for drift in drifts)
        inside = [each for each in brain if each < until]
        episodes += len(inside)
        missed += sum(not any(drift < each <= drift + FOLLOWS_WITHIN for drift in drifts) for each in inside)
    return Yield(len(people), raised, followed, episodes, missed)


def _would_raise(participant: Participant, since: datetime, until: datetime) -> list[datetime]:
    return habits.drifts(list(_answers(participant, until)), since=since)


def _episodes(participant: Participant, since: datetime, until: datetime) -> list[datetime]:
    """First texts of each fortnight with a sign of the brain, from anybody."""
    rows = SymptomReport.objects.filter(
        participant=participant, message__received_at__gte=since, message__received_at__lt=until
    ).values_list("message__received_at", "findings")
    found: list[datetime] = []
    for at, findings in rows.order_by("message__received_at"):
        if any(finding["id"] in _BRAIN and finding["state"] == "present" for finding in findings) and (
            not found or at - found[-1] > FOLLOWS_WITHIN
        ):
            found.append(at)
    return found

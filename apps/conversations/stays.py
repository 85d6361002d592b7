"""Stays in hospital as texts and calls tell of them: a stay pauses the check-ins, coming home ends the pause.

A text that says "home from hospital" while no stay is known to the team is the first news of a serious event and stays an emergency
(clinical rule 16). So does one that says that they left against advice, or that they are in hospital again.
"""

from typing import Any

from apps.conversations import alarm, aware, closure
from apps.conversations.board import READ_WITHIN, open_task
from apps.conversations.models import Turn
from apps.conversations.speaking import is_over
from apps.conversations.turns import turn_for
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.escalation.models import ContactRecord
from apps.escalation.vocabulary import ContactResult
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Disposition
from apps.participants import pauses
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import SILENT, PauseCode, PauseEnded
from apps.triage.models import SymptomReport

Findings = list[dict[str, Any]]
_STAY, _HOME = "evt_admitted", "evt_discharged"
_AGAINST_ADVICE = f"rule {_HOME}>"  # what the catalogue raises although the stay is known


def is_coming_home(participant: Participant, findings: Findings, reason: str) -> bool:
    """Nothing but "home from hospital", of a stay that the team knows of."""
    present = {finding["id"] for finding in _present(findings)}
    return (
        _tells_of_coming_home(findings, reason)
        and present <= {_STAY, _HOME}
        and pauses.known_stay(participant) is not None
    )


def come_home(*, message: InboundMessage, point: ContactPoint, report: SymptomReport) -> Turn:
    """Thanked for, and read by a person within hours, as the text says: dates, letter and outcome belong to the case."""
    turn, site = turn_for(message, point, report=report), point.participant.site
    turn.reply_wording = "after_end_auto" if is_over(site) else "discharged_reply"
    open_task(
        key=f"home:{message.pk}:{point.participant_id}", kind=TaskKind.HOME, site=site, participant=point.participant,
        message=message, deadline=clock.now() + READ_WITHIN,
    )  # fmt: skip
    messaging.settle(message=message, disposition=Disposition.SYMPTOM)
    return turn


def note(turn: Turn) -> None:
    """Begin or end the pause, when it is known who wrote. Who was sent the emergency text instead is asked as before."""
    report, participant = turn.report, turn.participant
    if report is None or participant is None or participant.follow_up in SILENT:
        return
    is_home = _tells_of_coming_home(report.findings, report.reason)
    if is_home and (stay := pauses.known_stay(participant)) is not None:
        pauses.end(pause=stay, because=PauseEnded.BACK_HOME)
    elif report.label == "serious" and alarm.is_only_a_stay(report) and not is_home:
        pauses.begin(participant=participant, code=PauseCode.IN_HOSPITAL)


def after_contact(record: ContactRecord) -> None:
    """A colleague's "at hospital" is as good as the participant's own word. About several nobody knows which of them it is."""
    if record.result != ContactResult.HOSPITAL:
        return
    about = aware.whom(record.escalation)
    if len(about) != 1 or about[0].follow_up in SILENT or closure.is_closed(about[0].site, at=record.at):
        return
    pauses.begin(participant=about[0], code=PauseCode.IN_HOSPITAL)


def _tells_of_coming_home(findings: Findings, reason: str) -> bool:
    """The same words may tell of the stay ("out of hospital"); a stay told of in other words is another one ("and back in again")."""
    found = _present(findings)
    homes = [(finding["start"], finding["end"]) for finding in found if finding["id"] == _HOME]
    stays = [(finding["start"], finding["end"]) for finding in found if finding["id"] == _STAY]
    is_the_same = all(any(start <= begins and ends <= end for start, end in homes) for begins, ends in stays)
    return bool(homes) and is_the_same and _AGAINST_ADVICE not in reason


def _present(findings: Findings) -> Findings:
    return [finding for finding in findings if finding["state"] == "present"]

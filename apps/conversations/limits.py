"""What no text may do: advise or comment (clinical rule 12). A person calls about it. Never in place of an alarm, which comes first."""

from apps.conversations import advice
from apps.conversations.board import READ_WITHIN, open_task
from apps.conversations.models import Turn
from apps.conversations.speaking import promised_call
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.messaging import services as messaging
from apps.messaging.vocabulary import Disposition
from apps.triage import rules
from apps.triage.models import SymptomReport

_MEDICINE = frozenset({"evt_new_medicine"})
# What is news for the team and no complaint: they are thanked, and a person calls about it.
_NEWS = frozenset({"evt_transplant", "evt_pregnancy", "evt_other_study", "antiviral_stopped"}) | _MEDICINE


def only_asks(turn: Turn, report: SymptomReport) -> bool:
    """A question about medicine or treatment with no complaint in it. A medicine that is asked about may have been found as a new one."""
    present = _present(report)
    if not present <= _MEDICINE or not advice.is_question(turn.message.body):
        return False
    return bool(present) or advice.names_treatment(turn.message.body)


def call_about_question(turn: Turn, report: SymptomReport) -> Turn:
    """No advice by text: a person calls. One that denies a red flag as well is read the same day, as without the question."""
    participant = turn.participant
    assert participant is not None
    site, key = participant.site, f"{turn.message_id}:{participant.pk}"
    open_task(
        key=f"advice:{key}", kind=TaskKind.ADVICE, site=site, participant=participant, message=turn.message,
        deadline=promised_call(site).deadline,
    )  # fmt: skip
    if report.needs_person:
        open_task(
            key=f"read:{turn.message_id}", kind=TaskKind.READ, site=site, participant=participant, message=turn.message,
            deadline=clock.now() + READ_WITHIN,
        )  # fmt: skip
    turn.reply_wording = "no_advice"
    messaging.settle(message=turn.message, disposition=Disposition.PERSON)
    return turn


def thanks(report: SymptomReport | None) -> str:
    """The wording for news without a complaint; "" for anything else, and where something has made the news more urgent than it is by
    itself: a miscarriage, too many tablets. Then the answer of that level stands, which says where to go.
    """
    present = _present(report) if report else frozenset()
    if report is None or not present or not present <= _NEWS:
        return ""
    items = rules.catalogue().items
    return "event_thanks" if report.level == min(items[name].level for name in present) else ""


def _present(report: SymptomReport) -> frozenset[str]:
    return frozenset(str(finding["id"]) for finding in report.findings if finding["state"] == "present")

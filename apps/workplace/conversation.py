"""A participant's conversation as a chat: every text as shown to the blinded, what triage found in it, what became of every answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.conversations.models import Question, Turn
from apps.followup.models import CheckIn, Reminder
from apps.messaging.models import InboundMessage, Line, OutboundMessage
from apps.messaging.vocabulary import NOT_REACHED, TO_STAFF
from apps.participants.models import ContactPoint, Participant
from apps.safety.models import SpokenReport
from apps.triage.models import SymptomReport
from apps.workplace import asked
from apps.workplace.words import shown

_SHOWN = 200
_CLUE = "clue"
_STATES = {
    "present": _("present"),
    "negated": _("denied"),
    "past": _("in the past"),
    "hypothetical": _("only thought of"),
    "other_person": _("somebody else"),
    "clue": _("weighed in sending it to a person"),
}


@dataclass(frozen=True)
class Piece:
    """A part of a text: plain, or the words of a finding with its name and state."""

    text: str
    name: str = ""
    state: str = ""

    @property
    def is_present(self) -> bool:
        return self.state == "present"

    @property
    def kind(self) -> str:
        """How it is marked: as found, as found and not meant, or as a word that only weighed."""
        return {"present": "", _CLUE: "tc-clue"}.get(self.state, "tc-absent")

    @property
    def state_label(self) -> str:
        return str(_STATES.get(self.state, self.state))


@dataclass(frozen=True)
class Entry:
    """One bubble. `is_theirs`: written by the participant or the caregiver (`whose`)."""

    at: datetime
    is_theirs: bool
    whose: str
    pieces: tuple[Piece, ...]
    report: SymptomReport | None = None
    sent: OutboundMessage | None = None
    received: InboundMessage | None = None
    is_bad: bool = False
    found: tuple[Piece, ...] = ()
    answer: str = ""  # what the text says as the answer to a question about a symptom


def of(participant: Participant) -> list[Entry]:
    """Newest last. On a phone that others share, only what is known to be about this participant."""
    points = list(participant.contact_points.select_related("line"))
    whose: dict[Any, str] = {}
    for point in points:
        whose.setdefault(point.line_id, point.get_kind_display())
    entries = [*_received(participant, whose), *_sent(participant, whose), *_told(participant)]
    return sorted(entries, key=lambda entry: entry.at)[-_SHOWN:]


def _own_lines(lines: Iterable[Any], participant: Participant) -> set[Any]:
    """Lines that nobody else has or had: everything on them is about this participant."""
    others = ContactPoint.objects.filter(line__in=list(lines)).exclude(participant=participant)
    return set(lines) - set(others.values_list("line_id", flat=True))


def _received(participant: Participant, whose: dict[Any, str]) -> Iterable[Entry]:
    about = Q(turn__participant=participant) | Q(reports__participant=participant)
    rows = InboundMessage.objects.filter(about | Q(line__in=_own_lines(whose, participant))).distinct()
    recent = list(rows.select_related("data_key").order_by("-received_at")[:_SHOWN])
    read = SymptomReport.objects.filter(message__in=recent, participant=participant)
    read = read.prefetch_related("corrections__person")
    reports = {report.message_id: report for report in read}
    answered = asked.answers_in(recent)
    for message in recent:
        report, question = reports.get(message.pk), answered.get(message.pk)
        yield Entry(
            at=message.received_at,
            is_theirs=True,
            whose=whose.get(message.line_id, ""),
            pieces=cut(message.body, marks(report) if report else []),
            report=report,
            received=message,
            found=tuple(found(message.body, marks(report))) if report else (),
            answer=asked.explained(question, report) if question and question.participant_id == participant.pk else "",
        )


def _sent(participant: Participant, whose: dict[Any, str]) -> Iterable[Entry]:
    linked = (
        *Question.objects.filter(participant=participant).values_list("message", flat=True),
        *Turn.objects.filter(participant=participant, reply__isnull=False).values_list("reply", flat=True),
        *CheckIn.objects.filter(participant=participant, message__isnull=False).values_list("message", flat=True),
        *Reminder.objects.filter(participant=participant, message__isnull=False).values_list("message", flat=True),
    )
    rows = OutboundMessage.objects.filter(Q(pk__in=linked) | Q(line__in=_own_lines(whose, participant)))
    rows = rows.exclude(purpose__in=TO_STAFF).select_related("data_key").order_by("-planned_at")[:_SHOWN]
    for message in rows:
        yield Entry(
            at=message.handed_over_at or message.planned_at,
            is_theirs=False,
            whose=whose.get(message.line_id, ""),
            pieces=(Piece(message.text),),
            sent=message,
            is_bad=message.state in NOT_REACHED,
        )


def _told(participant: Participant) -> Iterable[Entry]:
    """What somebody said to a person of the site, between the texts."""
    rows = SpokenReport.objects.filter(event__participant=participant).select_related("person", "data_key")
    for row in rows.order_by("-told_at")[:_SHOWN]:
        whose = _("%(teller)s, by phone to the site; written down by %(name)s") % {
            "teller": row.get_teller_display(), "name": row.person.name
        }  # fmt: skip
        yield Entry(at=row.told_at, is_theirs=True, whose=whose, pieces=cut(row.words, row.reading.get("findings", [])))


def on_line(line: Line) -> list[Entry]:
    """Everything on one line, for the desk that reads unknown numbers."""
    received = [
        Entry(each.received_at, True, "", (Piece(shown(each.body)),), received=each)
        for each in line.inbound.select_related("data_key")
    ]
    sent = [
        Entry(
            each.handed_over_at or each.planned_at,
            False,
            "",
            (Piece(each.text),),
            sent=each,
            is_bad=each.state in NOT_REACHED,
        )
        for each in line.outbound.exclude(purpose__in=TO_STAFF).select_related("data_key")
    ]
    return sorted([*received, *sent], key=lambda entry: entry.at)


def marks(report: SymptomReport) -> list[dict[str, Any]]:
    """What is marked in a text: its findings, and what made the net behind the rules send it to a person."""
    return [*report.findings, *({**clue, "id": _CLUE, "state": "clue"} for clue in report.clues)]


def cut(text: str, findings: list[dict[str, Any]]) -> tuple[Piece, ...]:
    """The text as a page shows it, in pieces along the findings' offsets. Where findings overlap, a piece carries all their names."""
    text = shown(text)
    inside = [(max(each["start"], 0), min(each["end"], len(text)), each) for each in findings]
    edges = sorted({0, len(text), *(edge for start, stop, each in inside if start < stop for edge in (start, stop))})
    pieces = []
    for start, stop in pairwise(edges):
        over = [each for low, high, each in inside if low <= start and stop <= high]
        names = ", ".join(dict.fromkeys(name_of(each["id"]) for each in over))
        state = next((each["state"] for each in over if each["state"] == "present"), over[0]["state"] if over else "")
        pieces.append(Piece(text[start:stop], names, state))
    return tuple(pieces) or (Piece(text),)


def found(text: str, findings: list[dict[str, Any]]) -> list[Piece]:
    """The words that decided, one finding each; those that weighed for the net together."""
    text, decided = shown(text), [each for each in findings if each["state"] != _CLUE]
    pieces = [Piece(text[each["start"] : each["end"]], name_of(each["id"]), each["state"]) for each in decided]
    weighed = cut(text, [each for each in findings if each["state"] == _CLUE])
    words = [piece.text.strip() for piece in weighed if piece.name and piece.text.strip()]
    return [*pieces, Piece(", ".join(dict.fromkeys(words)), name_of(_CLUE), _CLUE)] if words else pieces


def name_of(symptom: str) -> str:
    """The catalogue's short name in the page's language; the bare id when it has none."""
    if symptom == _CLUE:
        return str(_("no rule explains it"))
    return asked.name_of(symptom)

"""Raising the alarm: the chain that runs for a participant, and the emergency text that leaves before any question."""

from datetime import datetime, timedelta

from apps.conversations.promises import morning_list
from apps.conversations.speaking import QUESTIONS, ask, is_night, local_time, say
from apps.core import clock
from apps.escalation import services as escalation
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import ChainName, EscalationState
from apps.messaging.models import InboundMessage, Line, OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import SILENT, ContactKind
from apps.triage.models import SymptomReport
from apps.trials.models import Site, Trial

EMERGENCY_ONCE_IN = timedelta(minutes=30)


def page(
    *,
    participant: Participant,
    level: str,
    received_at: datetime,
    night_page: bool = True,
    wrote: ContactPoint | None = None,
) -> Escalation:
    """Start the chain of this level at the participant's site, or join the one that runs and make it more urgent.

    At night what may wait stands on the 07:00 list (decision 30). `wrote`: from where the text came that it is about.
    """
    running = (
        Escalation.objects.filter(events__participant=participant)
        .exclude(state=EscalationState.CONTACTED)
        .order_by("-opened_at")
        .first()
    )
    site = participant.site
    may_wait = not night_page and is_night(site)
    if running is not None:
        _join(running, level, may_wait=may_wait)
        return running
    not_before = morning_list(local_time(site)) if may_wait else None
    cannot_text = participant.follow_up in SILENT or not _takes_texts(participant, wrote)
    return escalation.start(
        chain=ChainName(level), site=site, received_at=received_at, cannot_text=cannot_text, not_before=not_before
    )


def _takes_texts(participant: Participant, wrote: ContactPoint | None) -> bool:
    """Whether any phone of their own does; who has just written from one need not be looked up."""
    if wrote is not None and wrote.kind == ContactKind.PARTICIPANT and _is_open(wrote.line):
        return True
    points = participant.contact_points.filter(ended_at__isnull=True, kind=ContactKind.PARTICIPANT)
    return any(_is_open(point.line) for point in points.select_related("line"))


def _is_open(line: Line) -> bool:
    return not (line.opted_out_at or line.carrier_blocked_at)


def _join(running: Escalation, level: str, *, may_wait: bool) -> None:
    """A further text of the same person: more urgent, out of the morning list, or, where somebody has it, that person hears of it."""
    if level == "R1" and running.chain != ChainName.R1:
        escalation.raise_chain(escalation=running, chain=ChainName.R1)
    elif not may_wait:
        escalation.hurry(escalation=running)
    escalation.tell_holder(escalation=running)


def emergency_text(message: InboundMessage, point: ContactPoint, report: SymptomReport) -> None:
    """Before any question, at most once in 30 minutes a person (clinical rule 1)."""
    line = point.line
    if point.participant.follow_up in SILENT or _emergency_since(line, clock.now() - EMERGENCY_ONCE_IN):
        return
    wording_key, purpose = "emergency", Purpose.EMERGENCY
    if report.path == "crisis":
        wording_key, purpose = (
            ("crisis" if point.participant.site.crisis_number else "crisis_elsewhere"),
            Purpose.CRISIS,
        )
    elif point.kind == ContactKind.CAREGIVER or report.sender == "caregiver":
        wording_key = "emergency_family"
    elif any(finding["id"] == "evt_admitted" and finding["state"] == "present" for finding in report.findings):
        wording_key, purpose = "admitted_reply", Purpose.REPLY
    key = f"emergency:{message.pk}:{point.participant_id}"
    if wording_key in QUESTIONS:
        ask(participant=point.participant, wording_key=wording_key, key=key, purpose=purpose, line=line)
    else:
        say_once(key, line, point.participant, wording_key, purpose)


def _emergency_since(line: Line, time: datetime) -> bool:
    return OutboundMessage.objects.filter(
        line=line, purpose__in=[Purpose.EMERGENCY, Purpose.CRISIS], planned_at__gt=time
    ).exists()


def say_once(key: str, line: Line, participant: Participant, wording_key: str, purpose: Purpose) -> None:
    say(key=key, line=line, lang=participant.language, site=participant.site, wording_key=wording_key, purpose=purpose)


def site_nearest_to(line: Line | None) -> Site | None:
    """Whose emergency number a stranger is told: the trial's first site in the phone's country, else the first site."""
    sites = Site.objects.filter(trial=Trial.objects.order_by("pk").first()).order_by("code")
    return (sites.filter(country=line.country).first() if line else None) or sites.first()


def generic_emergency(line: Line) -> None:
    """In the language of the number's country, with the number of the trial's first site there (else of the first site)."""
    site = site_nearest_to(line)
    if site is None or _emergency_since(line, clock.now() - EMERGENCY_ONCE_IN):
        return
    lang = "zh-Hans" if line.country in ("CN", "") else "en"
    say(
        key=f"emergency:{line.pk}:{clock.now():%Y%m%d%H%M}",
        line=line,
        lang=lang,
        site=site,
        wording_key="emergency_family",
        purpose=Purpose.EMERGENCY,
    )

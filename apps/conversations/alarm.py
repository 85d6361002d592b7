"""Raising the alarm: the chain that runs for a participant, and the emergency text that leaves before any question."""

import re
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.conversations.speaking import QUESTIONS, ask, morning_list, say
from apps.core import clock
from apps.escalation import services as escalation
from apps.escalation.models import Escalation
from apps.escalation.paging import locked
from apps.escalation.vocabulary import RUNNING, ChainName
from apps.messaging.models import InboundMessage, Line, OutboundMessage
from apps.messaging.vocabulary import NOT_REACHED, Purpose, SendState
from apps.participants.holding import hold
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import SILENT, ContactKind
from apps.triage import rules
from apps.triage.models import SymptomReport
from apps.triage.rules.net import language_of
from apps.trials.models import Site, Trial

EMERGENCY_ONCE_IN = timedelta(minutes=30)
_ALIKE = (frozenset({"emergency", "emergency_family"}), frozenset({"crisis", "crisis_elsewhere"}))

_FIRST_PERSON = re.compile(
    r"\b(?:i|im|i['’]m|i['’]ll|ive|i['’]ve|me|myself)\b|我(?!爸|妈|爱人|老公|老婆|丈夫|妻子|儿子|女儿|家|们)",
    re.IGNORECASE,
)
_URGENT = frozenset({ChainName.R1, ChainName.R2})


@transaction.atomic(savepoint=False)
def page(
    *,
    participant: Participant,
    level: str,
    received_at: datetime,
    night_page: bool = True,
    wrote: ContactPoint | None = None,
    silent_until: datetime | None = None,
) -> Escalation:
    """Start the chain of this level at the participant's site, or join the one that runs and make it more urgent.

    At night what may wait stands on the 07:00 list (decision 30). `wrote`: from where the text came that it is about. `silent_until`:
    what is paged about is that no answer had come by then.
    """
    hold([participant])  # of two texts at once the second joins what the first has started
    found = running(participant)
    site = participant.site
    morning = None if night_page else morning_list(site)
    if found is not None:
        _join(found, level, may_wait=morning is not None)
        return found
    cannot_text = participant.follow_up in SILENT or not _takes_texts(participant, wrote)
    return escalation.start(
        chain=ChainName(level),
        site=site,
        received_at=received_at,
        cannot_text=cannot_text,
        not_before=morning or silent_until,
    )


def running(participant: Participant) -> Escalation | None:
    """The newest chain about them, by their cases or by a task, held so that nobody ends it while a text joins it."""
    about = Q(events__participant=participant) | Q(tasks__participant=participant, chain__in=_URGENT)
    found = Escalation.objects.filter(about, state__in=RUNNING).order_by("-opened_at").values_list("pk", flat=True)
    held = (locked(key) for key in dict.fromkeys(found))
    # Whoever was recording the contact in this moment has ended it by now: it pages nobody any more.
    return next((each for each in held if each.state in RUNNING), None)


def is_running(participant: Participant) -> bool:
    """Whether people are being paged about them, or somebody has them and has not spoken with them yet."""
    return Escalation.objects.filter(events__participant=participant, state__in=RUNNING).exists()


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
    """Before any question, at most once in 30 minutes a person (clinical rule 1). Who is told of a stay or thinks of death gets the
    text about that, whatever was said before.
    """
    line = point.line
    if point.participant.follow_up in SILENT:
        return
    wording_key, purpose = "emergency", Purpose.EMERGENCY
    if report.path == "crisis" and not _is_about_somebody_unconscious(message, report):
        wording_key, purpose = (
            ("crisis" if point.participant.site.crisis_number else "crisis_elsewhere"),
            Purpose.CRISIS,
        )
    elif is_only_a_stay(report):
        wording_key, purpose = "admitted_reply", Purpose.REPLY
    elif point.kind == ContactKind.CAREGIVER or report.sender == "caregiver":
        wording_key = "emergency_family"
    if _said_lately(line, wording_key):
        return
    key = f"emergency:{message.pk}:{point.participant_id}"
    if wording_key in QUESTIONS:
        ask(participant=point.participant, wording_key=wording_key, key=key, purpose=purpose, line=line)
    else:
        say_once(key, line, point.participant, wording_key, purpose)


def _is_about_somebody_unconscious(message: InboundMessage, report: SymptomReport) -> bool:
    """ "Not waking up" is a wish in the first person alone; of anybody else it is unconsciousness, and help is called for."""
    found = {str(finding["id"]) for finding in report.findings if finding["state"] == "present"}
    return "unconscious" in found and _FIRST_PERSON.search(message.body) is None


def is_only_a_stay(report: SymptomReport) -> bool:
    """They are in hospital (clinical rule 16). Beside another emergency nobody knows that help is there already: "unconscious, must go"."""
    present = {str(finding["id"]) for finding in report.findings if finding["state"] == "present"}
    items = rules.catalogue().items
    return "evt_admitted" in present and not any(
        items[name].level == "R1" for name in present - {"evt_admitted"} if name in items
    )


def _said_lately(line: Line, wording_key: str) -> bool:
    """Whether this, or the same in other words, has left for this phone. One that is known not to have arrived does not count."""
    since = clock.now() - EMERGENCY_ONCE_IN
    alike = next((group for group in _ALIKE if wording_key in group), {wording_key})
    said = OutboundMessage.objects.filter(line=line, wording__in=alike, planned_at__gt=since)
    return said.exclude(state__in=NOT_REACHED | {SendState.CANCELLED}).exists()


def say_once(key: str, line: Line, participant: Participant, wording_key: str, purpose: Purpose) -> None:
    say(key=key, line=line, lang=participant.language, site=participant.site, wording_key=wording_key, purpose=purpose)


def site_nearest_to(line: Line | None) -> Site | None:
    """Whose emergency number a stranger is told: the trial's first site in the phone's country, else the first site."""
    sites = Site.objects.filter(trial=Trial.objects.order_by("pk").first()).order_by("code")
    return (sites.filter(country=line.country).first() if line else None) or sites.first()


def generic_emergency(line: Line, *, written: str) -> None:
    """In Chinese to whoever writes Chinese, else in the language of the number's country; with the emergency number of the trial's first
    site there (else of the first site).
    """
    site = site_nearest_to(line)
    if site is None or _said_lately(line, "emergency_family"):
        return
    lang = "zh-Hans" if line.country in ("CN", "") or language_of([written]) == "zh" else "en"
    say(
        key=f"emergency:{line.pk}:{clock.now():%Y%m%d%H%M}",
        line=line,
        lang=lang,
        site=site,
        wording_key="emergency_family",
        purpose=Purpose.EMERGENCY,
    )

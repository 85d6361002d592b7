"""What a page says: a reference, a time, a code. Which text is chosen when the page is planned; it is filled when it leaves."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Min
from django.utils.translation import override

from apps.core import clock, wording
from apps.core.work import seconds
from apps.escalation.models import Escalation, Page
from apps.escalation.rules import fitted
from apps.escalation.vocabulary import ChainName, EscalationState, MilestoneKind, PageKind
from apps.staff.models import User
from apps.staff.services import scope
from apps.staff.vocabulary import Action, Role

LATE_AFTER = (
    600.0  # seconds between the time when people were to be paged about a text and the page: it says that it is late
)
_LONGEST_NAME = 24
_ALERTING = frozenset({ChainName.R1, ChainName.UNMATCHED})


def wording_for(escalation: Escalation, *, is_first: bool) -> str:
    """The text of a page planned now."""
    if escalation.is_drill:
        return "staff_drill"
    if escalation.cannot_text:
        return "staff_cannot_text"
    if is_late(escalation):
        return "staff_delayed"
    if not is_first and escalation.state == EscalationState.OPEN:
        return "staff_escalate"
    return "staff_r1" if escalation.chain in _ALERTING else "staff_r2"


def wording_for_closed(escalation: Escalation, person: User) -> str:
    """What somebody is told who has answered and cannot open it."""
    return "staff_cannot_open" if phone_for_closed(escalation, person) else "staff_others_open"


def phone_for_closed(escalation: Escalation, person: User) -> str:
    """The number of the site whose people can open it: for those who take pages of this trial, not for the sponsor's."""
    return escalation.site.team_phone if escalation.site and scope(person).may(Action.ACKNOWLEDGE) else ""


def values_for_closed(escalation: Escalation, key: str, *, language: str, at: datetime) -> dict[str, str]:
    known = {"ref": escalation.ref, "time": local_time(escalation, at)}
    known["phone"] = escalation.site.team_phone if escalation.site else ""
    return {name: known[name] for name in wording.message(key, lang=language).placeholders}


def is_late(escalation: Escalation) -> bool:
    """Nobody was paged about the text within ten minutes of its receipt, or of the hour until when a rule held it. Every later page tells
    that too; that nobody has answered the pages since is no delay.
    """
    allowed, since = seconds(LATE_AFTER), escalation.held_until or escalation.received_at
    if clock.now() - since <= allowed:
        return False
    return first_paged_at(escalation) - since > allowed


def first_paged_at(escalation: Escalation) -> datetime:
    """When the first page about it was planned: now, while there is none."""
    first: datetime | None = escalation.pages.filter(kind=PageKind.PAGE).aggregate(first=Min("created_at"))["first"]
    return first or clock.now()


def language_of(person: User) -> str:
    return person.language if person.language in wording.languages() else "en"


def local_time(escalation: Escalation, time: datetime) -> str:
    """`HH:MM` where the escalation's site is."""
    zone = escalation.site.timezone if escalation.site else settings.TIME_ZONE
    return f"{time.astimezone(ZoneInfo(zone)):%H:%M}"


def text_of(page: Page) -> wording.Text:
    """The page's text, filled, in the language of the person."""
    language = language_of(page.person)
    wanted = wording.message(page.wording, lang=language).placeholders
    values = {name: value for name, value in _values(page, language).items() if name in wanted}
    return wording.say(page.wording, lang=language, **values)


def _values(page: Page, language: str) -> dict[str, str]:
    escalation = page.escalation
    received = local_time(escalation, escalation.received_at)
    values = {"ref": escalation.ref, "code": page.code, "time": received, "time_sent": received}
    if page.wording in ("staff_cannot_open", "staff_others_open"):
        return values_for_closed(escalation, page.wording, language=language, at=page.created_at)
    if page.wording in ("staff_drill", "staff_more"):
        values["time"] = local_time(escalation, clock.now())
    if page.wording == "staff_delayed":
        values["time"] = local_time(escalation, first_paged_at(escalation))
    if page.wording in ("staff_contact_menu", "staff_taken") and escalation.acknowledged_at:
        values["time"] = local_time(escalation, escalation.acknowledged_at)
    holder = _giver(page) if page.wording == "staff_handed" else escalation.acknowledged_by
    if holder:
        values["name_role"] = name_role(holder, language=language)
    return values


def _giver(page: Page) -> User | None:
    """Who handed it to the person of this page. Not whoever holds it now: a raised chain has no holder."""
    given = page.escalation.milestones.filter(kind=MilestoneKind.HANDED_OVER, to=page.person).select_related("person")
    last = given.order_by("at").last()
    return last.person if last else None


def name_role(person: User, *, language: str) -> str:
    """A colleague's name, with the role where the text has room for it."""
    held = scope(person).roles
    with override(language.lower()):
        role = next((str(role.label) for role in Role if role in held), "")
    return fitted(person.name, role, units=_LONGEST_NAME)


def spelled(ref: str) -> str:
    """The reference as a voice reads it: sign by sign."""
    return ", ".join(ref)

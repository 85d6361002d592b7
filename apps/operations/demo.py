"""The synthetic cohort: two sites, their people, and participants at every stage of follow-up.

Nobody here exists. Every number comes from a range that reaches nobody (decision 45): +61 491 570 006 and 156 to 159, US 555-01xx.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from apps.core import clock
from apps.core.clock import VirtualClock
from apps.followup.services import bring_forward, recompute_plan
from apps.participants import services as participants
from apps.participants.models import Participant
from apps.participants.services import ConsentGiven
from apps.participants.vocabulary import Language, Sex
from apps.staff import services as staff
from apps.staff.models import SiteAssignment, User
from apps.staff.vocabulary import Role
from apps.trials import services as trials
from apps.trials.models import Phase, Site

PROTOCOL = Path(__file__).resolve().parents[1] / "trials" / "protocols" / "nct06884904.toml"
# Known to everybody who reads this, on purpose: the command that uses it is refused in production.
SIGN_IN_WITH = "synthetic people only"


@dataclass(frozen=True)
class DemoStaff:
    """A made-up colleague. `position` is the place in the on-call order."""

    username: str
    name: str
    role: Role
    site: str | None
    language: str
    number: str
    position: int | None = None


@dataclass(frozen=True)
class DemoParticipant:
    """A made-up participant, whose day 0 was `days_ago`."""

    code: str
    language: Language
    sex: Sex
    born: date
    days_ago: int
    number: str
    caregiver_number: str
    is_discreet: bool = False
    cannot_read: bool = False


_ZH, _EN = Language.ZH_HANS, Language.EN
_F, _M = Sex.FEMALE, Sex.MALE

STAFF = (
    DemoStaff("zhao", "Demo Dr Zhao", Role.INVESTIGATOR, "BJ01", "zh-Hans", "+12025550103", 1),
    DemoStaff("miller", "Demo Dr Miller", Role.INVESTIGATOR, "BJ01", "en", "+12025550104", 2),
    DemoStaff("qian", "Demo Prof Qian", Role.PRINCIPAL_INVESTIGATOR, "BJ01", "zh-Hans", "+12025550105", 3),
    DemoStaff("sun", "Demo Sun", Role.COORDINATOR, "BJ01", "zh-Hans", "+12025550106", 1),
    DemoStaff("brown", "Demo Brown", Role.MONITOR, "BJ01", "en", ""),
    DemoStaff("zhou", "Demo Dr Zhou", Role.INVESTIGATOR, "SH02", "zh-Hans", "+12025550107", 1),
    DemoStaff("wilson", "Demo Dr Wilson", Role.INVESTIGATOR, "SH02", "en", "+12025550108", 2),
    DemoStaff("wu", "Demo Prof Wu", Role.PRINCIPAL_INVESTIGATOR, "SH02", "zh-Hans", "+12025550109", 3),
    DemoStaff("zheng", "Demo Zheng", Role.COORDINATOR, "SH02", "zh-Hans", "+12025550110", 1),
    DemoStaff("duty", "Demo Duty Desk", Role.DUTY_DESK, None, "en", "+12025550111", 1),
    DemoStaff("sponsor", "Demo Sponsor Safety", Role.SPONSOR_SAFETY, None, "en", "+12025550112", 1),
    DemoStaff("admin", "Demo Administrator", Role.ADMINISTRATOR, None, "en", ""),
)

# The first two of each site are in their first week: a check-in is due every day, whatever day the demo begins on.
PARTICIPANTS = (
    DemoParticipant("BJ01-001", _ZH, _M, date(1971, 3, 2), 4, "+61491570006", "+12025550121"),
    DemoParticipant("BJ01-002", _EN, _F, date(1980, 2, 29), 5, "+61491570156", "+12025550122"),
    DemoParticipant("BJ01-003", _ZH, _F, date(1966, 9, 17), 20, "+12025550141", "+12025550123"),
    DemoParticipant("BJ01-004", _ZH, _M, date(1990, 1, 5), 60, "+12025550142", "+12025550124"),
    DemoParticipant("BJ01-005", _EN, _M, date(1959, 12, 31), 120, "+12025550143", "+12025550125"),
    DemoParticipant("BJ01-006", _ZH, _F, date(1977, 6, 8), 250, "+12025550144", "+12025550126", is_discreet=True),
    DemoParticipant("SH02-001", _ZH, _F, date(1965, 11, 30), 3, "+61491570157", "+12025550127"),
    DemoParticipant("SH02-002", _EN, _M, date(1984, 7, 21), 6, "+61491570158", "+12025550128"),
    DemoParticipant("SH02-003", _ZH, _M, date(1973, 4, 4), 200, "+12025550145", "+12025550129"),
    DemoParticipant("SH02-004", _ZH, _M, date(1957, 8, 19), 400, "+12025550146", "+12025550130", cannot_read=True),
    DemoParticipant("SH02-005", _EN, _F, date(1995, 10, 2), 500, "+12025550147", "+12025550131"),
    DemoParticipant("SH02-006", _ZH, _F, date(1969, 5, 25), 690, "+12025550148", "+12025550132"),
)
DUE_AT_ONCE = frozenset({"BJ01-001", "BJ01-002", "SH02-001", "SH02-002"})


def load_cohort() -> tuple[int, int]:
    """Load what is missing and keep what is there. Returns how many staff and participants were new."""
    if not Site.objects.exists():
        trials.load_trial(text=PROTOCOL.read_text(encoding="utf-8"), source_name=PROTOCOL.name)
    known_staff = set(User.objects.values_list("username", flat=True))
    new_staff = [each for each in STAFF if each.username not in known_staff]
    for each in new_staff:
        _hire(each)
    known = set(Participant.objects.values_list("code", flat=True))
    new = [each for each in PARTICIPANTS if each.code not in known]
    for number, person in enumerate(new):
        _enter(person, has_appointment=number % 2 == 0)
    return len(new_staff), len(new)


def _hire(person: DemoStaff) -> None:
    user = staff.create_staff(
        username=person.username,
        name=person.name,
        email=f"{person.username}@example.org",
        language=person.language,
        password=SIGN_IN_WITH,
        number=person.number,
    )
    site = Site.objects.get(code=person.site) if person.site else None
    starts_on = trials.current_protocol().trial.start
    staff.assign(user=user, role=person.role, site=site, on_call_position=person.position, starts_on=starts_on)


def _enter(person: DemoParticipant, *, has_appointment: bool) -> None:
    site = Site.objects.get(code=person.code.split("-")[0])
    protocol = trials.current_protocol()
    day_zero = clock.today(site.timezone) - timedelta(days=person.days_ago)
    day_zero = min(max(day_zero, protocol.phases[0].effective_from or protocol.trial.start), protocol.window.end)
    consent = ConsentGiven("1.0", day_zero - timedelta(days=1))
    participant = _enrolled_then(person, site, day_zero, consent)
    recompute_plan(participant=participant)
    _give_a_history(participant, has_appointment=has_appointment)
    recompute_plan(participant=participant)
    participants.replan(participant=participant)
    if person.code in DUE_AT_ONCE:
        bring_forward(participant=participant)


def _enrolled_then(person: DemoParticipant, site: Site, day_zero: date, consent: ConsentGiven) -> Participant:
    """Entered on the morning of day 0, by the trial's clock of that day."""
    morning = datetime.combine(day_zero, time(9), tzinfo=ZoneInfo(site.timezone))
    with clock.using(VirtualClock(min(morning, clock.now()))):
        return participants.enrol(
            code=person.code,
            site=site,
            phase=Phase.objects.get(trial=site.trial, code="IIb"),
            sex=person.sex,
            birth_date=person.born,
            language=person.language,
            day_zero=day_zero,
            trial_consent=consent,
            sms_consent=consent,
            phone_number=person.number,
            is_number_checked=True,
            caregiver_number=person.caregiver_number,
            caregiver_agreed_on=consent.given_on,
            is_discreet=person.is_discreet,
            cannot_read=person.cannot_read,
        )


def _give_a_history(participant: Participant, *, has_appointment: bool) -> None:
    """Visits of the past took place; the next one has an appointment, or waits for somebody to make it."""
    today = clock.now().astimezone(participant.zone).date()
    for visit in participant.visits.filter(planned_on__lt=today):
        participants.record_visit(visit=visit, done_on=visit.planned_on)
    coming = participant.visits.filter(planned_on__gt=today).order_by("planned_on").first()
    if coming is not None and has_appointment:
        at = datetime.combine(coming.planned_on, time(9, 30), tzinfo=participant.zone)
        participants.set_appointment(visit=coming, appointment_at=at)


# --- listing


def listing() -> dict[str, list[dict[str, str]]]:
    """Everybody, as the command prints them: `participants` and `staff`. The sign-in is named for the demo's own people only."""
    rows = Participant.objects.select_related("site").order_by("code")
    return {"participants": [_participant(row) for row in rows], "staff": _staff()}


def _participant(participant: Participant) -> dict[str, str]:
    own, caregiver = participants.texting_line(participant), participants.caregiver_line(participant)
    return {
        "code": participant.code,
        "site": participant.site.code,
        "language": participant.language,
        "phone": own.number if own else "",
        "caregiver_phone": caregiver.number if caregiver else "",
    }


def _staff() -> list[dict[str, str]]:
    rows = SiteAssignment.objects.select_related("user", "site").order_by(
        "site__code", "role", "on_call_position", "pk"
    )
    demo = {each.username for each in STAFF}
    return [
        {
            "name": row.user.name,
            "role": row.role,
            "site": row.site.code if row.site else "",
            "phone": row.user.phone,
            "email": row.user.email,
            "username": row.user.username,
            "password": SIGN_IN_WITH if row.user.username in demo else "",
        }
        for row in rows
    ]

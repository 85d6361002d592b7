"""The named people of every test. All of them, and all of their numbers, are made up; the numbers reach nobody.

| who | is |
|---|---|
| Alice | investigator at BJ01, first on call; writes English |
| Bob | investigator at BJ01, second on call; reads Chinese |
| Carol | principal investigator at BJ01 |
| Chen | coordinator at BJ01 |
| Dora | investigator at SH02: the stranger, who must see nothing of BJ01 |
| Erin | principal investigator at SH02 |
| Sam | the sponsor's safety desk |
| Ada | administrator |
| Dan | duty desk, for texts of unknown numbers |
| Wang | participant of BJ01 who reads Chinese, with a caregiver |
| Jones | participant of BJ01 who reads English, with a caregiver |
| Li | participant of SH02 who reads Chinese, with a caregiver |

Each function finds the person, or makes them first. The fixtures of the same names are in conftest.py.
"""

from collections.abc import Callable, Hashable
from datetime import date
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password

from apps.audit import actors
from apps.core import clock
from apps.participants import services as participants
from apps.participants.models import Participant
from apps.participants.services import ConsentGiven
from apps.participants.vocabulary import Language, Sex
from apps.staff import services as staff
from apps.staff.models import User
from apps.staff.vocabulary import Role
from apps.trials.models import Phase, Site
from apps.trials.services import load_trial
from tests.once import once

PROTOCOL = Path(__file__).resolve().parents[1] / "apps" / "trials" / "protocols" / "nct06884904.toml"
PASSWORD = "a long demo passphrase of nobody"
STARTED = date(2025, 4, 15)

PHONES = {
    "alice": "+12025550111",
    "bob": "+12025550112",
    "carol": "+12025550113",
    "chen": "+12025550114",
    "dora": "+12025550115",
    "erin": "+12025550116",
    "dan": "+12025550117",
    "wang": "+61491570006",
    "wang's daughter": "+12025550121",
    "jones": "+61491570156",
    "jones's husband": "+12025550122",
    "li": "+61491570157",
    "li's son": "+12025550123",
    "nobody we know": "+61491570159",
}


def trial() -> None:
    """The protocol as it is shipped, loaded once."""
    if not Site.objects.exists():
        _entered("trial", _load)


def _load() -> None:
    load_trial(text=PROTOCOL.read_text(encoding="utf-8"), source_name=PROTOCOL.name)


def _entered(what: str, enter: Callable[[], None], *, beside: Hashable = None) -> None:
    """Copied when it was wanted twice in the same minute, by the same writer, under the same keys."""
    now = clock.now()
    minute = (
        now if now == clock.now() else now.replace(second=0, microsecond=0)
    )  # a clock that goes on is never twice the same
    once((what, minute, actors.current(), settings.FIELD_KEYS, settings.INDEX_KEY, beside), enter)


def site(code: str) -> Site:
    trial()
    return Site.objects.get(code=code)


@cache
def _password() -> str:
    return make_password(PASSWORD)  # once: it is slow on purpose


def _member(name: str, role: Role, *, at: str | None, position: int | None = None, language: str = "en") -> User:
    username = name.lower()
    if known := User.objects.filter(username=username).first():
        return known
    user = staff.create_staff(
        username=username,
        name=name,
        email=f"{username}@example.org",
        language=language,
        number=PHONES.get(username, ""),
    )
    user.password = _password()
    user.save(update_fields=["password"])
    place = site(at) if at else None
    staff.assign(user=user, role=role, site=place, on_call_position=position, starts_on=STARTED)
    return user


def alice() -> User:
    return _member("Alice", Role.INVESTIGATOR, at="BJ01", position=1)


def bob() -> User:
    return _member("Bob", Role.INVESTIGATOR, at="BJ01", position=2, language="zh-Hans")


def carol() -> User:
    return _member("Carol", Role.PRINCIPAL_INVESTIGATOR, at="BJ01")


def chen() -> User:
    return _member("Chen", Role.COORDINATOR, at="BJ01", language="zh-Hans")


def dora() -> User:
    return _member("Dora", Role.INVESTIGATOR, at="SH02", position=1)


def erin() -> User:
    return _member("Erin", Role.PRINCIPAL_INVESTIGATOR, at="SH02")


def sam() -> User:
    return _member("Sam", Role.SPONSOR_SAFETY, at=None)


def ada() -> User:
    return _member("Ada", Role.ADMINISTRATOR, at=None)


def dan() -> User:
    return _member("Dan", Role.DUTY_DESK, at=None, position=1)


def _participant(code: str, *, language: Language, sex: Sex, born: date, own: str, caregiver: str) -> Participant:
    if known := Participant.objects.filter(code=code).first():
        return known
    consent = ConsentGiven("1.0", date(2025, 5, 6))
    place = site(code.split("-")[0])
    return participants.enrol(
        code=code,
        site=place,
        phase=Phase.objects.get(trial=place.trial, code="IIb"),
        sex=sex,
        birth_date=born,
        language=language,
        day_zero=date(2025, 5, 8),
        trial_consent=consent,
        sms_consent=consent,
        phone_number=PHONES[own],
        is_number_checked=True,
        caregiver_number=PHONES[caregiver],
        caregiver_agreed_on=consent.given_on,
    )


def wang() -> Participant:
    return _participant(
        "BJ01-001",
        language=Language.ZH_HANS,
        sex=Sex.MALE,
        born=date(1971, 3, 2),
        own="wang",
        caregiver="wang's daughter",
    )


def jones() -> Participant:
    return _participant(
        "BJ01-002",
        language=Language.EN,
        sex=Sex.FEMALE,
        born=date(1980, 2, 29),
        own="jones",
        caregiver="jones's husband",
    )


def li() -> Participant:
    return _participant(
        "SH02-001",
        language=Language.ZH_HANS,
        sex=Sex.FEMALE,
        born=date(1965, 11, 30),
        own="li",
        caregiver="li's son",
    )


STAFF: tuple[Callable[[], User], ...] = (alice, bob, carol, chen, dora, erin, sam, ada, dan)
PARTICIPANTS: tuple[Callable[[], Participant], ...] = (wang, jones, li)


def everybody() -> None:
    """All staff and participants at once."""
    if User.objects.exists() or Participant.objects.exists():
        _make_all()
        return
    trial()
    _entered("everybody", _make_all, beside=tuple(Site.objects.order_by("code").values_list("pk", flat=True)))


def _make_all() -> None:
    for make in (*STAFF, *PARTICIPANTS):
        make()

"""The plan of a chain, and what a short text from staff means. Pure: times and rows come from the caller."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from apps.core import segments

REF_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no 0 O 1 I L: it is read aloud and typed at night
REF_LENGTH = 4
CODE_LENGTH = 4
# A round in which nobody could be reached begins again after this, never sooner: the same people are not paged without a break.
REST = timedelta(minutes=5)
WAKING = frozenset({"sms", "voice", "wecom", "dingtalk", "webhook"})
ALL_CHANNELS = ("sms", "voice", "wecom", "dingtalk", "email", "webhook")


@dataclass(frozen=True)
class Step:
    """`after` counts from the start of the round. `person` is a user's id where a site's chain names somebody."""

    after: timedelta
    who: str
    channels: tuple[str, ...]
    task: str = ""
    person: str = ""

    @property
    def wants_to_wake(self) -> bool:
        return bool(WAKING & {*self.channels})


@dataclass(frozen=True)
class Plan:
    """A snapshot, read. The lengths are trial time before any scaling."""

    steps: tuple[Step, ...]
    repeat: timedelta
    widen_from_round: int
    widen_to: tuple[str, ...]
    hours: str
    expires: timedelta
    remind: tuple[timedelta, ...]
    attempt_buys: timedelta
    second_acknowledgement: bool

    def group(self, place: int) -> tuple[Step, ...]:
        """The steps from `place` on that fall in the same minute."""
        first = self.steps[place].after
        return tuple(step for step in self.steps[place:] if step.after == first)

    def widening(self, *, place: int, round_number: int) -> tuple[Step, ...]:
        """Who is paged as well at the start of a later round, by the channels that the chain uses for them."""
        if place or round_number < self.widen_from_round:
            return ()
        return tuple(Step(timedelta(0), who, self._channels_of(who)) for who in self.widen_to)

    def steps_in(self, round_number: int) -> int:
        """How many steps this round takes, those of its widening too."""
        return len(self.steps) + len(self.widening(place=0, round_number=round_number))

    def _channels_of(self, who: str) -> tuple[str, ...]:
        own = [step.channels for step in self.steps if step.who == who]
        return own[0] if own else ALL_CHANNELS

    @property
    def roles(self) -> frozenset[str]:
        """Whom it pages by role, in any round; a step that names a person asks the rota for nobody."""
        return frozenset({*(step.who for step in self.steps if not step.person), *self.widen_to})

    @property
    def first_wait(self) -> timedelta:
        """How long whoever is paged first has it alone before the next are paged."""
        return min((step.after for step in self.steps if step.after), default=REST)

    @property
    def longest_gap(self) -> timedelta:
        """The longest time that this chain lets pass between two pages, while nobody takes it."""
        times = sorted({step.after for step in self.steps})
        return max(later - earlier for earlier, later in zip(times, [*times[1:], self.repeat], strict=True))


def snapshot(*, chain: Mapping[str, Any], remind: tuple[int, ...], deadline: int, attempt_buys: int) -> dict[str, Any]:
    """What an escalation keeps: plain JSON, all lengths in minutes.

    Reminders keep their distance from the end of the acknowledgement: 15 and 25 of 30 minutes are 45 and 55 of 60.
    """
    expires = int(chain["acknowledgement_expires_minutes"])
    reminders = sorted({expires - (deadline - each) for each in remind if 0 < expires - (deadline - each) < expires})
    return {**chain, "remind_minutes": reminders, "attempt_buys_minutes": attempt_buys}


def plan(kept: Mapping[str, Any]) -> Plan:
    """Read a snapshot."""
    return Plan(
        steps=tuple(_step(each) for each in kept["steps"]),
        repeat=_minutes(kept["repeat_minutes"]),
        widen_from_round=int(kept["widen_from_round"]),
        widen_to=tuple(kept["widen_to"]),
        hours=str(kept["hours"]),
        expires=_minutes(kept["acknowledgement_expires_minutes"]),
        remind=tuple(_minutes(each) for each in kept.get("remind_minutes", ())),
        attempt_buys=_minutes(kept.get("attempt_buys_minutes", 0)),
        second_acknowledgement=bool(kept.get("second_acknowledgement", False)),
    )


def _step(kept: Mapping[str, Any]) -> Step:
    return Step(
        after=_minutes(kept["after_minutes"]),
        who=str(kept["who"]),
        channels=tuple(str(channel) for channel in kept["channels"]),
        task=str(kept.get("task") or ""),
        person=str(kept.get("person") or ""),
    )


def _minutes(number: float) -> timedelta:
    return timedelta(minutes=float(number))


# --- working hours

WORK_BEGINS, WORK_ENDS = time(8), time(17)


def after_working_time(start: datetime, length: timedelta, *, holidays: Collection[date]) -> datetime:
    """`length` of working time after a local time; working time is Monday to Friday, 08:00 to 17:00, without holidays."""
    at = _next_working(start, holidays)
    while (left_today := _at(at, WORK_ENDS) - at) <= length:
        length -= left_today
        at = _next_working(_at(at + timedelta(days=1), WORK_BEGINS), holidays)
    return at + length


def _next_working(at: datetime, holidays: Collection[date]) -> datetime:
    if at.time() >= WORK_ENDS:
        at = _at(at + timedelta(days=1), WORK_BEGINS)
    while at.weekday() >= 5 or at.date() in holidays:
        at = _at(at + timedelta(days=1), WORK_BEGINS)
    return max(at, _at(at, WORK_BEGINS))


def _at(at: datetime, hour: time) -> datetime:
    return datetime.combine(at.date(), hour, tzinfo=at.tzinfo)


# --- what staff text

_CODE = re.compile(rf"(?<!\d)(\d{{{CODE_LENGTH}}})(?:[\s,.:;、，。：/+-]*([1-9]))?(?!\d)")
_LONGEST = 40
# What the menu calls each result: words that may stand behind its digit. Behind other words a digit is a number: "1小时后到", "3 min".
_MENU = {
    "1": ("reached", "已联系", "联系上"),
    "2": ("no answer", "无人接", "没人接"),
    "3": ("at hospital", "in hospital", "在医院"),
    "4": ("hand over", "转交"),
}


@dataclass(frozen=True)
class CodeText:
    """`code` is four digits, `result` one digit or empty. `is_whole`: the text is nothing but these."""

    code: str
    result: str
    is_whole: bool


def read_code(text: str) -> CodeText | None:
    """A code in a short text from staff: `4821`, `4821 1`, `48211`, `４８２１　１`, `ok 4821`; None when there is not exactly one.

    A digit is a result where nothing follows it, or what the menu calls it: "4821 3 min" takes the case and says nothing of a contact.
    """
    plain = "".join(_plain(character) for character in unicodedata.normalize("NFKC", text)).strip()
    if len(plain) > _LONGEST:
        return None
    found = list(_CODE.finditer(plain))
    if len(found) != 1:
        return None
    code, result = found[0].groups(default="")
    before, after = plain[: found[0].start()], plain[found[0].end() :]
    if result and not _is_menu_word(result, after):
        result, after = "", result + after
    rest = before + after
    return CodeText(code, result, is_whole=not any(character.isalnum() for character in rest))


def _is_menu_word(result: str, after: str) -> bool:
    words = "".join(character if character.isalnum() else " " for character in after.lower()).strip()
    return not words or words in _MENU.get(result, ())


def _plain(character: str) -> str:
    # Digits of any script are digits; invisible marks that keyboards add (direction, width) are nothing.
    if (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    return "" if unicodedata.category(character) == "Cf" else character


def fitted(name: str, role: str, *, units: int) -> str:
    """`Name, role` where it fits into so many SMS units, else the name, cut to them."""
    whole = f"{name}, {role}" if role else name
    chosen = whole if _units(whole) <= units else name
    while _units(chosen) > units:
        chosen = chosen[:-1]
    return chosen.strip()


def _units(text: str) -> int:
    return segments.count(text).units if text else 0

"""Pure rules of sending: what is withheld, how long to wait, and which line of a provider's log is which call of ours."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from apps.messaging.gateway import Capability, ListedSms
from apps.messaging.vocabulary import OBEYS_STOP, SAYS_STOPPED, URGENT, SendState

# Seconds. A retry is certain not to have been sent, so it only spares the provider.
_RETRY = (5.0, 15.0, 45.0, 120.0, 300.0)
_URGENT_RETRY = (2.0, 5.0, 10.0, 15.0, 30.0, 60.0)
# After an unknown outcome an urgent text goes again at once: a double is better than none. Then it grows cautious.
_URGENT_AGAIN = (0.0, 15.0, 45.0, 120.0)
LOOK_AFTER = 60.0
APART = 60.0  # between an automatic text and one that nobody asked for (clinical rule 3)
LOOKS = 2
GIVE_UP_LOOKING = timedelta(minutes=30)  # a log that cannot be read for so long: a person decides
_SKEW = timedelta(seconds=60)
_CALL_TAKES_AT_MOST = timedelta(seconds=120)
_LINK = re.compile(r"https?:|www\.", re.IGNORECASE)
_LONGEST_WAIT = 3600.0
_VALID_FOR = {True: 3600, False: 6 * 3600}  # urgent or not, where the caller set no end


@dataclass(frozen=True)
class Planned:
    """What is known about a text at the moment of sending."""

    purpose: str
    wording: str
    text: str
    parts: int
    opted_out: bool
    carrier_blocked: bool
    useful_until: datetime | None


@dataclass(frozen=True)
class Withheld:
    """Why a text does not leave. `is_alarm`: something is wrong with the text or the settings, not with the receiver's wish."""

    state: SendState
    code: str
    is_alarm: bool = False


def why_withheld(planned: Planned, *, capability: Capability | None, now: datetime) -> Withheld | None:
    """The reason not to send now, or None. Urgent texts are held back by nothing but a text or country that cannot be sent."""
    is_urgent = planned.purpose in URGENT
    if planned.purpose in OBEYS_STOP and planned.carrier_blocked:
        return Withheld(SendState.CANCELLED, "carrier_blocked")
    if planned.purpose in OBEYS_STOP and planned.opted_out and planned.wording not in SAYS_STOPPED:
        return Withheld(SendState.CANCELLED, "opted_out")
    if not is_urgent and planned.useful_until is not None and planned.useful_until <= now:
        return Withheld(SendState.EXPIRED, "too_late")
    if capability is None:
        return Withheld(SendState.REFUSED, "no_route", is_alarm=True)
    if capability.refused:
        return Withheld(SendState.REFUSED, capability.refused[:20], is_alarm=True)
    if _LINK.search(planned.text):
        return Withheld(SendState.REFUSED, "link", is_alarm=True)
    if not is_urgent and planned.parts > capability.max_parts:
        return Withheld(SendState.REFUSED, "too_many_parts", is_alarm=True)
    return None


def valid_for(*, purpose: str, useful_until: datetime | None, now: datetime) -> int:
    """Seconds for which the provider may still deliver the text."""
    is_urgent = purpose in URGENT
    if useful_until is None or (is_urgent and useful_until <= now):
        return _VALID_FOR[is_urgent]
    return max(1, int((useful_until - now).total_seconds()))


def retry_wait(*, times: int, purpose: str, retry_after: float | None, jitter: float) -> float:
    """Seconds until the next try after `times` certain failures; never sooner than the provider asked. `jitter` is 0.8 to 1.2.

    An urgent text waits for nobody longer than for its own last wait (decision 34): a text that is certainly unsent may be tried sooner.
    """
    waits, longest = (_URGENT_RETRY, _URGENT_RETRY[-1]) if purpose in URGENT else (_RETRY, _LONGEST_WAIT)
    own = waits[min(max(times, 1), len(waits)) - 1] * jitter
    return max(own, min(retry_after or 0.0, longest))


def urgent_again_after(*, unknown: int, purpose: str) -> float | None:
    """Seconds until an urgent text goes again after `unknown` unknown outcomes; None when it must be looked up instead."""
    if purpose not in URGENT or unknown > len(_URGENT_AGAIN):
        return None
    return _URGENT_AGAIN[max(unknown, 1) - 1]


def next_poll(polls: Sequence[float], *, done: int) -> float | None:
    """Seconds from the last poll (or the acceptance) to the next one; None after the last."""
    if done >= len(polls):
        return None
    return polls[done] - (polls[done - 1] if done else 0.0)


@dataclass(frozen=True)
class Unsettled:
    """A call of ours whose outcome is unknown. `line` and `message` are opaque."""

    attempt: UUID
    message: UUID
    line: UUID
    text: str
    started_at: datetime


def matched(
    wanted: Collection[Unsettled], *, log: Mapping[UUID, Sequence[ListedSms]]
) -> tuple[dict[UUID, ListedSms], frozenset[UUID]]:
    """Which line of the provider's log is which call: `log` has, by line, the texts that no call of ours is known to have made.

    Returns what was found by attempt, and the attempts that cannot be told apart: calls of several texts with the same words to one
    line at one time, of which the log has fewer than we made.
    """
    found: dict[UUID, ListedSms] = {}
    unclear: set[UUID] = set()
    ordered = sorted(wanted, key=lambda call: (str(call.line), call.text, call.started_at))
    for (line, text), group in groupby(ordered, key=lambda call: (call.line, call.text)):
        calls, used = list(group), set[str]()
        same = sorted(
            (sms for sms in log.get(line, ()) if not sms.is_inbound and sms.text.strip() == text.strip()),
            key=lambda sms: sms.created_at,
        )
        hits: dict[UUID, ListedSms] = {}
        for call in calls:
            sms = next((sms for sms in same if sms.provider_id not in used and _may_be(call, sms)), None)
            if sms is not None:
                used.add(sms.provider_id)
                hits[call.attempt] = sms
        if 0 < len(hits) < len(calls) and len({call.message for call in calls}) > 1:
            unclear |= {call.attempt for call in calls}
        else:
            found |= hits
    return found, frozenset(unclear)


def _may_be(call: Unsettled, sms: ListedSms) -> bool:
    return call.started_at - _SKEW <= sms.created_at <= call.started_at + _CALL_TAKES_AT_MOST

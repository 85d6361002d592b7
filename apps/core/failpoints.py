"""Named places that a test can make kill, hang or raise. Absent in production: `settings.FAILPOINTS` is empty there by rule.

`FAILPOINT=provider_accepted:kill` or `FAILPOINT=claimed:raise,finish:hang`; `name:kill@FILE` strikes once, leaving FILE as the sign.
`name:wait@FILE` goes on when the test takes FILE away.
"""

import os
import signal
import time
from pathlib import Path

from django.conf import settings

NAMES = frozenset(
    {
        "claimed",  # a row is leased to this process, nothing done yet
        "attempt_written",  # the CALLING attempt is committed, the provider not yet called
        "provider_accepted",  # the provider has answered, its answer not yet written
        "before_finish",  # inside the finishing transaction, before the fence is checked
        "inbound_before_commit",  # the inbound row is written, not committed
        "inbound_after_commit",  # the inbound row is committed, the provider not yet answered
        "pump_tick",  # the pump is about to look for due rows
    }
)
_ACTIONS = frozenset({"kill", "hang", "wait", "raise"})
_HANG_SECONDS = 3600


class FailpointStruck(Exception):
    """A test asked for an exception at this place."""


def strike(name: str) -> None:
    """Do what the test asked for at this place; in production nothing."""
    action = settings.FAILPOINTS.get(name)
    if action:
        _act(name, action)


def _act(name: str, action: str) -> None:
    what, _, once = action.partition("@")
    if once and not _first(Path(once)):
        return
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "hang":
        time.sleep(_HANG_SECONDS)
    if what == "wait":
        while Path(once).exists():
            time.sleep(0.02)
        return
    raise FailpointStruck(name)


def _first(sign: Path) -> bool:
    try:
        sign.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def parse(text: str) -> dict[str, str]:
    """`{name: action}` from the environment's `name:action,...`.

    Raises ValueError for what could not be done: a test would pass by doing nothing, or wait for ever for no file to go.
    """
    pairs = dict(_pair(part.strip()) for part in text.split(",") if part.strip())
    if unknown := set(pairs) - NAMES:
        raise ValueError(f"no such failpoint: {', '.join(sorted(unknown))}")
    return pairs


def _pair(part: str) -> tuple[str, str]:
    name, _, action = part.partition(":")
    what, _, file = action.partition("@")
    if what not in _ACTIONS:
        raise ValueError(f"{part}: a failpoint can kill, hang, wait or raise")
    if what == "wait" and not file:
        raise ValueError(f"{part} needs a file: {name}:wait@FILE")
    return name, action

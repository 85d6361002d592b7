"""The promises I1 to I5, checked after every fault: in this process on the test database, or from outside on a stack's.

What was accepted and what the provider took is told by the caller: it is known outside the database, which the program cannot touch.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from tests.stack import ROOT, Stack, strain, wait_for

_PROGRAM = "import sys; from tests.faults.promises import _report; _report(sys.argv[1])"
# A text that is shorter stands in any log by chance: a code, a digit.
_SHORTEST_WORDS = 6
_UNDONE = """
    SELECT (SELECT count(*) FROM messaging_inboundmessage WHERE disposition = 'waiting')
         + (SELECT count(*) FROM messaging_outboundmessage WHERE state IN ('planned', 'calling', 'unknown'))
"""


@dataclass(frozen=True)
class History:
    """`accepted`: provider ids of the texts that were answered 2xx. `sent`: the id of the attempt of every call that the provider took.

    `extra_calls`: how many urgent texts may have gone out twice (kills x concurrency). `waits`: T of I2, in seconds of machine time.
    """

    accepted: Sequence[str] = ()
    sent: Sequence[str] = ()
    extra_calls: int = 0
    waits: float = 60.0


def broken(history: History) -> list[str]:
    """Every promise of I1 to I4 that does not hold on the database of this process, in words; empty when all hold."""
    return [*_i1(history), *_i2(history), *_i3(), *_i4(history)]


def hold(history: History, *, logs: str = "", never: Iterable[str] = ()) -> None:
    """Assert I1 to I4 on the database of this process, and I5: nothing of `never` stands in `logs`."""
    found = [*broken(history), *_i5(logs, never)]
    assert not found, "\n".join(found)


def hold_for(
    stack: Stack, *, accepted: Sequence[str], extra_calls: int = 0, within: float = 60.0, waits: float = 60.0
) -> None:
    """Wait until nothing is left undone on a stack, then assert I1 to I5 on its database and its logs."""
    settle(stack, within=within)
    ends = time.monotonic() + within * strain()
    found = _asked_of(stack, History(accepted, _taken(stack), extra_calls, waits))
    while any(each.startswith("I2") for each in found) and time.monotonic() < ends:
        # Other rows than texts may have waited through the fault; I2 gives them until it ends.
        found = _asked_of(stack, History(accepted, _taken(stack), extra_calls, waits))
    found += _i5(_logs(stack.folder), _secrets(stack))
    assert not found, "\n".join(found)


def settle(stack: Stack, *, within: float) -> None:
    """Until every text is handled and no call is left open."""

    wait_for(lambda: stack.count(_UNDONE) == 0, within=within, saying="everything that was accepted is handled")


# --- one promise each


def _i1(history: History) -> Iterator[str]:
    from apps.messaging.models import InboundMessage

    stored = Counter(InboundMessage.objects.values_list("dedupe_key", flat=True))
    if lost := [sid for sid in history.accepted if sid not in stored]:
        yield f"I1: {len(lost)} of {len(history.accepted)} texts were answered 2xx and are not stored"
    if twice := [sid for sid, count in stored.items() if count > 1]:
        yield f"I1: {len(twice)} texts are stored twice"


def _i2(history: History) -> Iterator[str]:
    from apps.core import clock, work
    from apps.core.work import Lane
    from apps.messaging.models import InboundMessage
    from apps.messaging.vocabulary import Disposition

    before = clock.now() - timedelta(seconds=history.waits)
    waiting = InboundMessage.objects.filter(disposition=Disposition.WAITING)
    if count := waiting.filter(received_at__lte=before).count():
        yield f"I2: {count} texts wait for longer than {history.waits:.0f} s"
    if count := waiting.filter(due_at__isnull=True).count():
        yield f"I2: {count} texts wait and nothing will read them"
    for model in work.all_models():
        late = model._default_manager.filter(lane__lt=Lane.BULK, due_at__lte=before, quarantined_at__isnull=True)
        if count := late.count():
            yield f"I2: {count} rows of {model.__name__} are overdue by more than {history.waits:.0f} s"


def _i3() -> Iterator[str]:
    from django.db.models import Q

    from apps.escalation.models import Escalation
    from apps.escalation.vocabulary import RUNNING
    from apps.safety.models import AdverseEvent
    from apps.safety.vocabulary import EventState
    from apps.triage.models import Level

    stuck = Q(due_at__isnull=True) | Q(quarantined_at__isnull=False)
    if count := Escalation.objects.filter(stuck, state__in=RUNNING).count():
        yield f"I3: {count} running escalations have no step ahead"
    urgent = AdverseEvent.objects.filter(level__in=(Level.R1, Level.R2), state=EventState.DRAFT)
    if count := urgent.filter(escalation__isnull=True).count():
        yield f"I3: {count} urgent events page nobody"


def _i4(history: History) -> Iterator[str]:
    """In the database unique keys make a second effect impossible; outside it, calls are counted."""
    from apps.messaging.models import OutboundMessage, SendAttempt
    from apps.messaging.vocabulary import URGENT

    message_of = dict(SendAttempt.objects.values_list("pk", "message_id"))
    known = {str(pk): message for pk, message in message_of.items()}
    if strange := [attempt for attempt in history.sent if attempt not in known]:
        yield f"I4: the provider took {len(strange)} calls that no attempt stands for"
    calls = Counter(known[attempt] for attempt in history.sent if attempt in known)
    again = {message: count - 1 for message, count in calls.items() if count > 1}
    if sum(again.values()) > history.extra_calls:
        yield f"I4: {sum(again.values())} extra calls, {history.extra_calls} allowed"
    doubtful = OutboundMessage.objects.filter(pk__in=list(again)).exclude(purpose__in=URGENT)
    if purposes := sorted(doubtful.values_list("purpose", flat=True)):
        yield f"I4: texts that are not urgent went out twice: {', '.join(purposes)}"
    doubles = Counter(SendAttempt.objects.exclude(provider_id="").values_list("provider_id", flat=True))
    if twice := [sid for sid, count in doubles.items() if count > 1]:
        yield f"I4: {len(twice)} of the provider's texts stand for two attempts"


def _i5(logs: str, never: Iterable[str]) -> Iterator[str]:
    found = [index for index, words in enumerate(never) if words and words in logs]
    if found:
        yield f"I5: {len(found)} numbers or texts stand in the logs"
    if "Traceback (most recent call last)" in logs:
        yield "I5: a traceback stands in the logs"


# --- a stack, from outside


def _taken(stack: Stack) -> list[str]:
    """The attempt's id of every call that the provider took, from the stand-in's own file."""
    path = stack.folder / "twilio.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line)["status_callback"].rstrip("/").rsplit("/", 1)[-1] for line in lines]


def _secrets(stack: Stack) -> set[str]:
    """What must stand in no log: every number with and without its plus, and every text that is long enough to be told from a code."""
    rows = stack.twilio.exchange.messages
    numbers = {str(row[end]).removeprefix("+") for row in rows for end in ("from", "to")}
    return numbers | {str(row["body"]) for row in rows if len(str(row["body"])) >= _SHORTEST_WORDS}


def _logs(folder: Path) -> str:
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("*.log"))


def _asked_of(stack: Stack, history: History) -> list[str]:
    told = stack.folder / "history.json"
    told.write_text(json.dumps(asdict(history)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(told)],
        cwd=ROOT, env=stack.environment | {"DJANGO_SETTINGS_MODULE": "trialcare.settings"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def _report(told: str) -> None:
    import django

    django.setup()
    print(json.dumps(broken(History(**json.loads(Path(told).read_text(encoding="utf-8"))))))

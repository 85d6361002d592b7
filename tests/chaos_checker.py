"""What the database holds against the history outside it. Run in a process of its own on the database of the stack."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_PROGRAM = "import sys; from tests.chaos_checker import report; report(*sys.argv[1:])"


@dataclass(frozen=True)
class Verdict:
    serious: int
    lost: int
    stored_twice: int
    unhandled: int
    unanswered: int
    sent: int
    duplicates: int
    sent_by_purpose: dict[str, int]
    answered: int
    unanswered_by_rule: int
    answers_waiting: int


def check(environment: Mapping[str, str], *, history: Path, provider_log: Path, root: Path) -> Verdict:
    """The verdict over a stack's database, by a fresh process with the stack's environment."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(history), str(provider_log)],
        cwd=root, env=dict(environment) | {"DJANGO_SETTINGS_MODULE": "trialcare.settings"}, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(done.stderr[-3000:])
    return Verdict(**json.loads(done.stdout.splitlines()[-1]))


def report(history: str, provider_log: str) -> None:
    import django

    django.setup()
    print(json.dumps(asdict(_verdict(Path(history), Path(provider_log)))))


def _verdict(history: Path, provider_log: Path) -> Verdict:
    from apps.messaging.models import InboundMessage
    from apps.messaging.vocabulary import Disposition

    accepted = [json.loads(line) for line in history.read_text(encoding="utf-8").splitlines()]
    sids = [row["sid"] for row in accepted]
    stored = Counter(InboundMessage.objects.values_list("dedupe_key", flat=True))
    waiting = InboundMessage.objects.filter(disposition=Disposition.WAITING)
    serious = [row["sid"] for row in accepted if row["serious"]]
    return Verdict(
        serious=len(serious),
        lost=sum(sid not in stored for sid in sids),
        stored_twice=sum(count > 1 for count in stored.values()),
        unhandled=waiting.filter(dedupe_key__in=sids).count(),
        unanswered=sum(not _is_answered(sid) for sid in serious),
        **_sent(provider_log),
        **_courtesies(),
    )


def _is_answered(sid: str) -> bool:
    """A serious text has an escalation that runs with a step ahead, or that a named person took."""
    from apps.conversations.models import Turn

    turn = Turn.objects.filter(message__dedupe_key=sid).select_related("escalation").first()
    running = turn.escalation if turn else None
    if running is None:
        return False
    return running.acknowledged_by_id is not None or (running.due_at is not None and running.quarantined_at is None)


def _sent(provider_log: Path) -> dict[str, Any]:
    """Calls that the provider accepted, how many of them were for a message that it had accepted before, and what they were for."""
    from apps.messaging.models import SendAttempt

    lines = provider_log.read_text(encoding="utf-8").splitlines() if provider_log.exists() else []
    attempts = [json.loads(line)["status_callback"].rstrip("/").rsplit("/", 1)[-1] for line in lines]
    rows = SendAttempt.objects.values_list("pk", "message_id", "message__purpose")
    known = {str(pk): (message, purpose) for pk, message, purpose in rows}
    counted = Counter(known[attempt][0] for attempt in attempts)
    return {
        "sent": len(attempts),
        "duplicates": sum(count - 1 for count in counted.values()),
        "sent_by_purpose": dict(Counter(known[attempt][1] for attempt in attempts).most_common()),
    }


def _courtesies() -> dict[str, Any]:
    """Every text has a turn; by the clinical rules some get no answer of their own, so fewer texts go out than come in."""
    from apps.conversations.models import Turn

    waiting = Turn.objects.filter(due_at__isnull=False, quarantined_at__isnull=True)
    over = Turn.objects.filter(due_at__isnull=True)
    return {
        "answered": over.filter(reply__isnull=False).count(),
        "unanswered_by_rule": over.filter(reply_wording="").count(),
        "answers_waiting": waiting.count(),
    }

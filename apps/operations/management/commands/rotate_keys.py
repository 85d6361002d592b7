"""`manage.py rotate_keys`: everything that stands under an older key of FIELD_KEYS or INDEX_KEY goes under the newest."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit.services import acting
from apps.messaging.services import reindex_lines
from apps.staff.services import reindex_phones
from apps.vault.services import rewrap_data_keys

_PARTS: tuple[tuple[str, Callable[[], int]], ...] = (
    ("data keys under the newest of FIELD_KEYS", rewrap_data_keys),
    ("lines under the newest of INDEX_KEY", reindex_lines),
    ("staff's mobiles under the newest of INDEX_KEY", reindex_phones),
)


class Command(BaseCommand):
    help = "Puts data keys and blind indexes under the newest keys. May be stopped and begun again; the trial goes on meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:
        with acting(actor="command:rotate_keys"):
            stuck = [what for what, part in _PARTS if not self._finish(what, part)]
        if stuck:
            raise CommandError("not finished; keep the older keys. Numbers entered twice hold up: " + ", ".join(stuck))
        self.stdout.write(
            "nothing stands under an older key: once every process has the newest ones first, the older ones may go"
        )

    def _finish(self, what: str, part: Callable[[], int]) -> bool:
        """Batch after batch until nothing is left, or a batch changes nothing."""
        first = left = part()
        while left and (after := part()) < left:
            left = after
        self.stdout.write(f"{what}: {first - left} moved, {left} left")
        return not left

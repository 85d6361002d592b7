"""How the tests share out among pytest-xdist's workers: what starts processes goes first, and on two workers at most.

Those tests promise seconds and wait a good third of their time. The other workers take what only computes, so that the processor is
never idle and never has more than two installations to run.
"""

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

INSTALLATIONS_AT_ONCE = 2
LONGEST = "test_worker_faults.py"  # its minutes would be the run's last, beside idle workers
_ROOT = Path(__file__).resolve().parent.parent


@cache
def starts_processes(scope: str) -> bool:
    """Whether the module of this scope (the part of a node's id before its test) has tests of real processes."""
    return "mark.processes" in (_ROOT / scope.split("::")[0]).read_text(encoding="utf-8")


class Lanes(LoadScopeScheduling):  # type: ignore[misc]
    """One module is one unit of work, as with `--dist loadscope`."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        if (wanted := self._wanted(node)) is not None:
            self.workqueue.move_to_end(wanted, last=False)
        super()._assign_work_unit(node)

    def _wanted(self, node: WorkerController) -> str | None:
        runs_installations = list(self.assigned_work).index(node) < INSTALLATIONS_AT_ONCE
        found = [scope for scope in self.workqueue if starts_processes(scope) == runs_installations]
        return min(found, key=lambda scope: not scope.endswith(LONGEST), default=None)

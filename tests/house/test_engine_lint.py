"""What no import contract can see, read from the syntax tree: rows are the only queue, one clock, imports at the top."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PUBLISHER = "apps/operations/pump.py"
CLOCK = "apps/core/clock.py"
_PUBLISHING = {"apply_async", "delay", "delay_on_commit", "apply_async_on_commit", "send_task"}
_WALL_CLOCKS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "timezone": {"now"},
    "time": {"time", "time_ns", "localtime", "gmtime"},
}
_OF_NOW = {"timezone.localtime", "timezone.localdate"}  # of a given time they only change its zone
_STAMPING = {"auto_now", "auto_now_add"}


def sources() -> list[Path]:
    files = [path for top in ("apps", "trialcare") for path in (ROOT / top).rglob("*.py")]
    return sorted(path for path in files if "migrations" not in path.parts)


def problems(path: str, text: str) -> list[str]:
    """Each as `path:line: what`."""
    tree = ast.parse(text)
    lines = text.splitlines()
    found = [*_publishing(path, tree), *_task_arguments(tree), *_clocks(path, tree), *_hidden_imports(tree, lines)]
    return [f"{path}:{line}: {what}" for line, what in found]


Found = Iterator[tuple[int, str]]


def _publishing(path: str, tree: ast.AST) -> Found:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            if keyword.arg in ("eta", "countdown"):
                yield node.lineno, f"{keyword.arg}: a due row waits, not a broker's message"
        is_publishing = isinstance(node.func, ast.Attribute) and node.func.attr in _PUBLISHING
        if is_publishing and path != PUBLISHER:
            yield node.lineno, "only the pump publishes"


def _task_arguments(tree: ast.AST) -> Found:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any("task" in _name(each) for each in node.decorator_list):
            given = node.args
            if given.args or given.posonlyargs or given.kwonlyargs or given.vararg or given.kwarg:
                yield node.lineno, f"task {node.name} takes arguments: broker, logs and monitors would show them"


def _name(decorator: ast.expr) -> str:
    return ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator).rsplit(".", 1)[-1]


def _clocks(path: str, tree: ast.AST) -> Found:
    if path == CLOCK:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _WALL_CLOCKS.get(_owner(node), ()):
            yield node.lineno, f"{_owner(node)}.{node.attr}: time comes from core.clock"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _OF_NOW and not node.args:
            yield node.lineno, f"{ast.unparse(node.func)}: time comes from core.clock"
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.timezone":
            yield node.lineno, "django.utils.timezone: time comes from core.clock"
        if isinstance(node, ast.Call) and (stamps := {keyword.arg for keyword in node.keywords} & _STAMPING):
            yield node.lineno, f"{', '.join(sorted(map(str, stamps)))}: time comes from core.clock"


def _owner(node: ast.Attribute) -> str:
    return ast.unparse(node.value).rsplit(".", 1)[-1]


def _hidden_imports(tree: ast.AST, lines: list[str]) -> Found:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom) and "PLC0415 - " not in lines[node.lineno - 1]:
                    yield node.lineno, "an import inside a function needs its reason: the floor plan may be wrong"


def test_the_house_as_it_stands_has_no_such_line() -> None:
    files = sources()
    assert len(files) > 100
    found = [
        problem for path in files for problem in problems(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
    ]
    assert found == []


BITES = [
    ("send.run(eta=soon)", "eta"),
    ("send.run(countdown=5)", "countdown"),
    ("send.apply_async(queue='safety')", "only the pump"),
    ("send.delay()", "only the pump"),
    ("app.send_task('drain')", "only the pump"),
    ("@shared_task(name='x')\ndef drain(lane):\n    pass", "takes arguments"),
    ("@app.task\ndef drain(*lanes):\n    pass", "takes arguments"),
    ("datetime.now(UTC)", "core.clock"),
    ("datetime.datetime.utcnow()", "core.clock"),
    ("date.today()", "core.clock"),
    ("timezone.now()", "core.clock"),
    ("Field(default=timezone.now)", "core.clock"),
    ("timezone.localtime()", "core.clock"),
    ("from django.utils.timezone import now", "core.clock"),
    ("time.time()", "core.clock"),
    ("DateTimeField(auto_now_add=True)", "core.clock"),
    ("def f():\n    import os", "import inside"),
    ("class A:\n    def f(self):\n        from a import b  # noqa: PLC0415", "import inside"),
]


@pytest.mark.parametrize(("line", "said"), BITES)
def test_each_rule_bites(line: str, said: str) -> None:
    (found,) = problems("apps/safety/services.py", line)
    assert said in found


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (PUBLISHER, "bell.apply_async(queue='safety', expires=10)"),
        (CLOCK, "datetime.now(UTC)"),
        ("apps/a.py", "@shared_task\ndef drain():\n    pass"),
        ("apps/a.py", "clock.now()\ntime.monotonic()\ntimezone.localtime(at)"),
        ("apps/a.py", "def f():\n    import os  # noqa: PLC0415 - the registry must be ready"),
    ],
)
def test_what_is_allowed_passes(path: str, line: str) -> None:
    assert problems(path, line) == []

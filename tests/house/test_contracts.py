"""The import contracts bite: each is broken once in a temporary copy of the house, and lint-imports must say so."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BREAKS = [
    pytest.param("apps/core/clock.py", "import apps.messaging.models\n", "Floors", id="a-floor-climbed"),
    pytest.param("apps/safety/services.py", "import apps.blinding.models\n", "The wall", id="blinding-opened"),
    pytest.param("apps/triage/rules/shapes.py", "import django\n", "Rules are pure", id="rules-made-impure"),
    pytest.param(
        "apps/safety/services.py", "import apps.operations.tasks\n", "Services never", id="services-ring-the-bell"
    ),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("house")
    for part in ("apps", "trialcare"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "symptoms", "static"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def test_the_house_as_it_stands_keeps_its_contracts(house: Path) -> None:
    result = lint(house)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("path", "line", "contract"), BREAKS)
def test_a_broken_contract_is_named(house: Path, path: str, line: str, contract: str) -> None:
    module = house / path
    before = module.read_text(encoding="utf-8")
    try:
        # Behind the docstring and the imports that must come first: an import may stand anywhere.
        module.write_text(f"{before}\n{line}", encoding="utf-8")
        result = lint(house)
    finally:
        module.write_text(before, encoding="utf-8")
    assert result.returncode != 0
    assert any(contract in broken and "BROKEN" in broken for broken in result.stdout.splitlines()), result.stdout

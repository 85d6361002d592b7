"""The compiled form of the rules: it decides as the written one, and is only ever used for the sources it was made from."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from apps.triage.rules import form

from . import compiling

ROOT = Path(__file__).resolve().parents[2]


def decisions(wanted: str) -> list[str]:
    """What the rules say of the learnt texts in this form; the first line names the form that ran."""
    environment = os.environ | {"TRIALCARE_TRIAGE_FORM": wanted}
    command = [sys.executable, "-m", "tests.triage.decisions"]
    said = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return said.stdout.splitlines()


def form_in(folder: Path) -> ModuleType:
    """`form.py` as it is in a copy of the rules."""
    spec = importlib.util.spec_from_file_location("form_in_a_copy", folder / "form.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(form.SOURCES, tmp_path / "rules", ignore=shutil.ignore_patterns("__pycache__")))


def test_the_compiled_form_decides_as_the_written_one() -> None:
    if not form.compiled().is_dir():
        pytest.skip("`make compiled` has not been run for these sources")

    (ran, *by_binary), (read, *by_source) = decisions(form.COMPILED), decisions(form.PURE)

    assert (ran, read) == (form.COMPILED, form.PURE)
    assert len(by_source) > 15_000
    assert [one for one, other in zip(by_binary, by_source, strict=True) if one != other] == []


def test_a_change_of_any_source_leaves_the_compiled_form_unused(copy: Path) -> None:
    unchanged = form_in(copy).compiled()
    changed = set()
    for path in sorted(copy.glob("*.py")):
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        changed.add(form_in(copy).compiled())
        path.write_bytes(before)

    assert unchanged == form.compiled()
    assert len(changed | {unchanged}) == len(list(copy.glob("*.py"))) + 1


def test_another_python_looks_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    here = form.compiled()
    monkeypatch.setattr(sys, "version", f"{sys.version} of tomorrow")

    assert form.compiled() != here


def test_the_compiled_form_is_used_where_it_is_unless_the_written_one_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.delenv("TRIALCARE_TRIAGE_FORM")
    absent = form.folders()
    form.compiled().mkdir(parents=True)
    there = form.folders()
    monkeypatch.setenv("TRIALCARE_TRIAGE_FORM", form.PURE)

    assert (absent, there, form.folders()) == ([], [str(form.compiled())], [])


def test_the_compiler_in_the_digest_is_the_one_that_is_pinned() -> None:
    pinned = re.findall(r"^mypy==(\S+)", (ROOT / "requirements-dev.txt").read_text(encoding="utf-8"), re.MULTILINE)

    assert pinned == [form.COMPILER]


def test_without_a_compiler_it_says_so_and_leaves_everything_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with pytest.raises(SystemExit, match="the triage rules run as written: there is no C compiler"):
        compiling.main()

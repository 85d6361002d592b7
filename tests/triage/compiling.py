"""`make compiled`: the modules of the triage rules compiled by mypyc, put where `apps/triage/rules/form.py` looks for them.

The rules run as written without it, and as soon as one of their sources differs. Needs a C compiler and the headers of Python.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

from mypy.version import __version__ as compiler
from mypyc.build import mypycify
from setuptools import Distribution
from setuptools.command.build_ext import build_ext

from apps.triage.rules import form

ROOT = Path(__file__).resolve().parents[2]
PURE = ("__init__.py", "form.py")  # they find the others


def main() -> None:
    if reason := missing():
        sys.exit(f"nothing compiled, the triage rules run as written: {reason}")
    target = form.compiled()
    with tempfile.TemporaryDirectory() as work:
        made = build(Path(work))
        if form.compiled() != target:
            sys.exit("nothing compiled: the sources were changed meanwhile; once more")
        put(made, target)
    print(f"{len(made)} modules of the triage rules compiled to {target.relative_to(sys.prefix)}")


def missing() -> str:
    """What stands in the way; nothing when all is there."""
    if compiler != form.COMPILER:
        return f"mypyc is {compiler}, apps/triage/rules/form.py names {form.COMPILER}"
    wanted = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(wanted) is None:
        return f"there is no C compiler ({wanted})"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "the headers of Python (Python.h) are not there"
    return ""


def build(work: Path) -> list[Path]:
    """The extension modules, made in the folder `work`."""
    os.chdir(ROOT)  # names of modules are read from the paths
    sources = [path.relative_to(ROOT) for path in sorted(form.SOURCES.glob("*.py")) if path.name not in PURE]
    extensions = mypycify(
        ["--strict", "--config-file=", f"--cache-dir={work / 'cache'}", *map(str, sources)],
        target_dir=str(work / "c"),
        debug_level="0",
        group_name="apps.triage.rules.compiled",  # with dots: what the modules share then lies beside them
    )
    command = build_ext(Distribution({"ext_modules": extensions}))
    command.build_lib, command.build_temp = str(work / "lib"), str(work / "temp")
    command.ensure_finalized()
    command.run()
    return sorted((work / "lib").rglob(f"*{sysconfig.get_config_var('EXT_SUFFIX')}"))


def put(made: list[Path], target: Path) -> None:
    """All of it at once, in place of what was made before."""
    draft = Path(tempfile.mkdtemp(dir=sys.prefix))
    for module in made:
        shutil.copy(module, draft)
    draft.chmod(0o755)
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir()
    draft.rename(target)


if __name__ == "__main__":
    main()

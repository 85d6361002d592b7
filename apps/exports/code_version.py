"""Which code made a cut: its release, and its commit where the code still lies in a repository."""

import os
import tomllib
from functools import cache
from pathlib import Path

from django.conf import settings


@cache
def release() -> str:
    with (Path(settings.BASE_DIR) / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


@cache
def commit() -> str | None:
    """40 hex digits: `TRIALCARE_COMMIT` where an installation says so, else what the repository has checked out; None when unknown."""
    return os.environ.get("TRIALCARE_COMMIT") or _checked_out(Path(settings.BASE_DIR) / ".git")


def _checked_out(repository: Path) -> str | None:
    try:
        head = (repository / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        if (repository / name).exists():
            return (repository / name).read_text(encoding="ascii").strip()
        packed = (repository / "packed-refs").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((line.split(" ", 1)[0] for line in packed if line.endswith(f" {name}")), None)

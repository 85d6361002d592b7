"""The lock files stand on their own: a release of tomorrow changes nothing about what is installed."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[([a-z0-9,._-]+)\])?==", re.MULTILINE)


def locked(name: str) -> dict[str, set[str]]:
    """The extras of each package that this file pins."""
    found = _LOCKED.findall((ROOT / name).read_text(encoding="utf-8"))
    return {canonicalize_name(package): {extra for extra in extras.split(",") if extra} for package, extras in found}


def wanted(of: str) -> list[Requirement]:
    """What this package requires here by itself."""
    found = [Requirement(line) for line in metadata.requires(of) or []]
    return [each for each in found if each.marker is None or each.marker.evaluate({"extra": ""})]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_what_is_wanted_with_an_extra_is_pinned_with_it(name: str) -> None:
    """pip looks at the newest release for "coverage[toml]" where the lock says "coverage", and refuses it for want of a hash."""
    pins = locked(name)
    installed = {canonicalize_name(each.name) for each in metadata.distributions()}
    lacking = [
        f"{package}: {need}"
        for package in sorted(pins.keys() & installed)
        for need in wanted(package)
        if need.extras and not need.extras <= pins.get(canonicalize_name(need.name), set())
    ]

    assert pins
    assert not lacking

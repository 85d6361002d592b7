"""A catalogue that cannot be read stops the program at its start."""

import pytest

from apps.triage import checks
from apps.triage.rules import CatalogueError


def test_a_catalogue_that_cannot_be_read_is_refused_with_its_file_and_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise CatalogueError("confusion.toml: unknown class <claims>")

    monkeypatch.setattr(checks, "catalogue", broken)

    assert [(problem.id, "confusion.toml" in problem.msg) for problem in checks.catalogue_is_read()] == [
        ("triage.E001", True)
    ]


def test_the_catalogue_as_it_stands_is_read() -> None:
    assert checks.catalogue_is_read() == []

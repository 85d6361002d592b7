"""A catalogue that cannot be read stops the program at its start."""

import pytest
from celery.bin.celery import celery
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from apps.triage import checks
from apps.triage.rules import CatalogueError


def _broken() -> None:
    raise CatalogueError("confusion.toml: unknown class <claims>")


def test_a_catalogue_that_cannot_be_read_is_refused_with_its_file_and_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "catalogue", _broken)

    assert [(problem.id, "confusion.toml" in problem.msg) for problem in checks.catalogue_is_read()] == [
        ("triage.E001", True)
    ]


def test_the_catalogue_as_it_stands_is_read() -> None:
    assert checks.catalogue_is_read() == []


def test_a_worker_does_not_start_with_a_catalogue_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "catalogue", _broken)
    monkeypatch.setattr(celery, "main", lambda **_: pytest.fail("the worker started"))

    with pytest.raises(SystemCheckError, match=r"confusion\.toml"):
        call_command("runworker")

"""A command on bad input says what is wrong, exits with an error and changes nothing."""

import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.conversations.models import DowntimeKit
from apps.messaging.models import NumberShown
from tests import people
from tests.exports import cases


def triaged(tmp_path: Path, out: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 1, "text": "vomiting blood"}\n', encoding="utf-8")
    call_command("triage", str(source), str(out), stdout=io.StringIO())


def test_triage_writes_where_a_link_leads_and_leaves_the_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    real.write_text("before", encoding="utf-8")
    link.symlink_to(real)

    triaged(tmp_path, link)

    assert link.is_symlink()
    assert json.loads(real.read_text(encoding="utf-8"))["label"] == "serious"


def test_triage_writes_into_a_pipe_and_never_puts_a_file_in_its_place(tmp_path: Path) -> None:
    """As root /dev/null or /dev/stdout would be replaced for the whole machine."""
    pipe, came = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: came.append(pipe.read_text(encoding="utf-8")), daemon=True)
    reader.start()

    triaged(tmp_path, pipe)

    reader.join(timeout=10)
    assert pipe.is_fifo()
    assert json.loads(came[0])["label"] == "serious"


def test_triage_that_cannot_write_leaves_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(CommandError, match="folder"):
        triaged(tmp_path, tmp_path / "folder")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "in.jsonl"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "command",
    [["triage_replay", "--fail-if-lowered"], ["triage_burden", "--json"], ["silent_sign"]],
    ids=lambda it: it[0],
)
@pytest.mark.parametrize("until", ["2027-05-01", "2027-04-01"], ids=["empty", "backwards"])
def test_a_period_of_nothing_is_no_clean_result(trial: None, command: list[str], until: str) -> None:
    """A release that is stopped by a lowered decision would pass."""
    with pytest.raises(CommandError, match="2027-05-01"):
        call_command(*command, "--from", "2027-05-01", "--to", until, stdout=io.StringIO())


@pytest.mark.django_db
def test_cases_of_a_site_that_there_is_not_are_no_empty_file(trial: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="XX99"):
        call_command("triage_cases", str(tmp_path / "cases.jsonl"), "--site", "XX99", stdout=io.StringIO())

    assert not (tmp_path / "cases.jsonl").exists()


@pytest.mark.django_db
def test_a_kit_that_cannot_be_written_shows_nobody_a_number(
    everybody: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO("a password of this paper\n"))

    with pytest.raises(CommandError, match="file"):
        call_command("downtime_kit", "BJ01", "--for", "alice", "--out", str(tmp_path / "file"), stdout=io.StringIO())

    assert not DowntimeKit.objects.exists()
    assert not NumberShown.objects.exists()


@pytest.mark.django_db
def test_a_kit_s_folder_is_made_as_that_of_a_cut_is(
    everybody: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a password of this paper\n"))

    call_command("downtime_kit", "BJ01", "--for", "alice", "--out", str(tmp_path / "a" / "b"), stdout=io.StringIO())

    assert (tmp_path / "a" / "b" / "downtime-BJ01.pdf").exists()


@pytest.mark.django_db
def test_a_refused_cut_leaves_no_folder_behind(tmp_path: Path) -> None:
    cases.confirmed(people.wang())

    with pytest.raises(CommandError, match="XX99"):
        call_command("export", "listing_csv", "--out", str(tmp_path / "a" / "b"), "--site", "XX99")

    assert list(tmp_path.iterdir()) == []

"""A person says with one click what a text meant: it is kept with name and time, changes no alarm, and becomes a regression case."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.core import clock
from apps.escalation.models import Escalation
from apps.triage import services
from apps.triage.models import Correction, SymptomReport
from apps.triage.rules import Asked
from apps.triage.rules.shapes import Clue
from apps.workplace import conversation
from tests import due, people
from tests.triage.scenes import arrived
from tests.workplace import scenes
from tests.workplace.scenes import BEIJING, Scene, page, press

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return scenes.play()


def report_of(code: str) -> SymptomReport:
    return SymptomReport.objects.get(participant__code=code)


def judge(scene: Scene, report: SymptomReport, **said: str) -> int:
    answer = press(people.chen(), scene.beijing.participant, "judge", report=str(report.pk), **said)
    return int(answer.status_code)


def test_one_click_in_the_conversation_keeps_who_said_what_and_when(scene: Scene) -> None:
    report = report_of("BJ01-001")

    assert judge(scene, report, label="nonserious") == 303

    kept = Correction.objects.get()
    assert (kept.report, kept.label, kept.level, kept.person) == (report, "nonserious", "", people.chen())
    assert clock.now() >= kept.at
    shown = page(people.alice(), scenes.change_url(scene.beijing.participant))
    assert "Chen: a symptom, not serious" in shown


def test_the_same_click_stands_on_the_case(scene: Scene) -> None:
    answer = press(
        people.alice(), scene.beijing, "judge", report=str(report_of("BJ01-001").pk), label="serious", level="R2"
    )

    assert answer.status_code == 303
    assert Correction.objects.get().level == "R2"


def test_a_judgement_changes_no_alarm_and_not_the_decision(scene: Scene) -> None:
    report = report_of("BJ01-001")

    judge(scene, report, label="none")

    report.refresh_from_db()
    scene.beijing.refresh_from_db()
    assert (report.label, report.level) == ("serious", "R1")
    assert scene.beijing.level == "R1"
    assert Escalation.objects.get(site__code="BJ01").state == "open"


def test_a_second_opinion_is_a_second_row_and_the_same_click_twice_is_one(scene: Scene) -> None:
    report = report_of("BJ01-001")

    judge(scene, report, label="none")
    judge(scene, report, label="none")
    services.correct(report=report, person=people.alice(), label="serious")

    assert list(Correction.objects.order_by("at").values_list("label", flat=True)) == ["none", "serious"]


def test_nobody_judges_a_text_of_another_site(scene: Scene) -> None:
    theirs = report_of("SH02-001")

    assert judge(scene, theirs, label="none") == 422
    with pytest.raises(services.NotAllowedHere):
        services.correct(report=theirs, person=people.chen(), label="none")
    assert not Correction.objects.exists()


@pytest.mark.parametrize("said", [{"label": "fine"}, {"label": "none", "level": "R9"}])
def test_an_unknown_judgement_is_refused(scene: Scene, said: dict[str, str]) -> None:
    with pytest.raises(services.UnknownJudgement):
        services.correct(report=report_of("BJ01-001"), person=people.chen(), **said)


def test_who_may_not_edit_events_is_not_asked(scene: Scene) -> None:
    assert "judge-label" in page(people.chen(), scenes.change_url(scene.beijing.participant))
    answer = press(
        people.dora(), scene.beijing.participant, "judge", report=str(report_of("BJ01-001").pk), label="none"
    )
    assert answer.status_code == 404


def test_what_made_the_net_unsure_is_marked_in_the_conversation(scene: Scene) -> None:
    report = report_of("BJ01-001")
    report.clues = [{"start": 0, "end": 8, "weight": 900, "name": ""}]
    report.findings = []

    pieces = conversation.cut(f"vomiting blood {BEIJING}", conversation.marks(report))

    assert (pieces[0].text, pieces[0].name) == ("vomiting", "no rule explains it")
    assert pieces[0].state_label == "weighed in sending it to a person"
    assert pieces[0].kind == "tc-clue", "a word that weighed is not struck out as a denied one is"
    assert Clue(0, 8, 900).name == ""


def test_the_words_that_weighed_are_told_together_each_once_and_none_empty() -> None:
    clues = [{"start": 0, "end": 4}, {"start": 5, "end": 8}, {"start": 0, "end": 8}]
    findings = [{**clue, "id": "clue", "state": "clue"} for clue in clues]

    (told,) = conversation.found("even sat up", findings)

    assert (told.text, told.kind) == ("even, sat", "tc-clue")


# --- the cases


def export(path: Path, *arguments: str) -> list[dict[str, object]]:
    call_command("triage_cases", str(path), *arguments, stdout=StringIO())
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_correction_becomes_a_case_that_the_report_reads(scene: Scene, tmp_path: Path) -> None:
    judge(scene, report_of("BJ01-001"), label="serious")
    services.correct(report=report_of("BJ01-001"), person=people.alice(), label="nonserious", level="R3")
    path = tmp_path / "cases.jsonl"

    (case,) = export(path)

    assert (case["text"], case["label"], case["level"]) == (f"vomiting blood {BEIJING}", "nonserious", "R3")
    assert (case["said_label"], case["said_level"], case["lang"]) == ("serious", "R1", "en")
    out = StringIO()
    call_command("triage_report", str(path), stdout=out)
    assert "specificity                     0.000" in out.getvalue()


def test_numbers_and_names_leave_masked_and_the_file_is_its_owners(scene: Scene, tmp_path: Path) -> None:
    scenes.text(people.PHONES["wang"], "我叫张三丰，电话13812345678，便血")
    due.work()
    report = SymptomReport.objects.filter(participant__code="BJ01-001").order_by("-classified_at").first()
    assert report is not None
    services.correct(report=report, person=people.chen(), label="serious")
    path = tmp_path / "cases.jsonl"
    path.write_text("readable by all")

    (case,) = export(path)

    assert "13812345678" not in str(case["text"])
    assert "张三丰" not in str(case["text"])
    assert case["lang"] == "zh"
    assert path.stat().st_mode & 0o777 == 0o600


def test_only_one_sites_cases_and_only_the_changed_ones_when_asked(scene: Scene, tmp_path: Path) -> None:
    judge(scene, report_of("BJ01-001"), label="serious")
    services.correct(report=report_of("SH02-001"), person=people.dora(), label="none")

    assert [case["label"] for case in export(tmp_path / "a", "--site", "BJ01")] == ["serious"]
    assert [case["label"] for case in export(tmp_path / "b", "--changed")] == ["none"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        export(tmp_path / "nowhere" / "cases.jsonl")


def test_a_digit_that_somebody_judged_is_no_case_to_learn_words_from(scene: Scene, tmp_path: Path) -> None:
    asked = Asked("dizziness", "severity", ("3",), "R3")
    made = services.by_answer(
        message=arrived("jones", "3"), participant=people.jones(), sender="participant", asked=asked
    )
    assert made is not None
    services.correct(report=made, person=people.alice(), label="nonserious", level="R3")

    assert export(tmp_path / "cases.jsonl") == []

"""Loading a protocol file: a version, or nothing at all."""

import hashlib
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.trials import services
from apps.trials.models import Arm, CheckInRule, Phase, ProtocolVersion, Site, Trial, VisitDefinition
from apps.trials.rules import ProtocolErrors
from apps.trials.services import NoProtocol, current_protocol, current_version, load_trial
from tests.trials.conftest import FILE, changed, line

pytestmark = pytest.mark.django_db


def load(text: str) -> ProtocolVersion:
    return load_trial(text=text, source_name="nct06884904.toml")


def counts() -> list[int]:
    models = (Trial, ProtocolVersion, Phase, Arm, Site, VisitDefinition, CheckInRule)
    return [model._default_manager.count() for model in models]


def test_a_loaded_file_is_a_version_with_its_text_and_digest(text: str) -> None:
    version = load(text)

    stored = ProtocolVersion.objects.get()
    assert stored == version == current_version()
    assert (stored.number, stored.label, stored.effective_from) == (1, "0.3", date(2025, 4, 15))
    assert stored.text == text
    assert stored.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_a_loaded_file_becomes_rows(text: str) -> None:
    load(text)

    trial = Trial.objects.get()
    assert (trial.window_from, trial.window_to) == (date(2027, 4, 14), date(2028, 4, 14))
    assert (trial.enrolment, trial.age_min, trial.age_max) == (96, 18, 70)
    assert list(Site.objects.values_list("code", "emergency_number")) == [("BJ01", "120"), ("SH02", "120")]
    assert Arm.objects.filter(phase__code="IIb").count() == 4
    week_4 = VisitDefinition.objects.get(code="W4")
    assert (week_4.day, week_4.window_before, week_4.window_after) == (28, 3, 3)
    assert CheckInRule.objects.get(code="P3").cadence == {
        "weekdays": ["Tue", "Fri"],
        "every_weeks": 1,
        "send_at": "10:00",
    }


def test_the_same_file_again_makes_no_new_version_and_writes_nothing(text: str) -> None:
    first = load(text)
    events = AuditEvent.objects.count()

    assert load(text) == first
    assert ProtocolVersion.objects.count() == 1
    assert AuditEvent.objects.count() == events


def test_a_changed_file_is_the_next_version_and_keeps_the_rows_by_code(text: str) -> None:
    load(text)
    site, visit = Site.objects.get(code="BJ01"), VisitDefinition.objects.get(code="W4")

    version = load(changed(changed(text, '"+12025550101"', '"+12025550199"'), "day = 28\n", "day = 29\n"))

    assert version.number == 2
    assert Site.objects.get(code="BJ01").pk == site.pk
    assert Site.objects.get(code="BJ01").team_phone == "+12025550199"
    assert (VisitDefinition.objects.get(code="W4").pk, VisitDefinition.objects.get(code="W4").day) == (visit.pk, 29)


def test_a_bigger_cohort_and_a_new_site_are_loaded_as_an_amendment(text: str) -> None:
    load(text)
    bigger = changed(text, "enrolment = 96", "enrolment = 5000")
    bigger = changed(bigger, "# --- the emergency number", _site("GZ03") + "\n# --- the emergency number")

    load(bigger)

    assert Trial.objects.get().enrolment == 5000
    assert set(Site.objects.values_list("code", flat=True)) == {"BJ01", "SH02", "GZ03"}
    assert current_protocol().trial.enrolment == 5000


def test_going_back_to_an_older_file_is_a_new_version(text: str) -> None:
    load(text)
    load(changed(text, "enrolment = 96", "enrolment = 100"))

    version = load(text)

    assert version.number == 3
    assert Trial.objects.get().enrolment == 96
    assert current_protocol().trial.enrolment == 96


def test_what_the_file_no_longer_has_goes_from_the_plan(text: str) -> None:
    load(text)
    start, end = text.index('[[visits]]\ncode = "M24"'), text.index("# --- calendar contacts")

    load(text[:start] + text[end:])

    assert not VisitDefinition.objects.filter(code="M24").exists()


def test_a_wrong_file_changes_nothing(text: str) -> None:
    load(text)
    before = (counts(), AuditEvent.objects.count())
    wrong = changed(changed(text, "enrolment = 96", "enrolment = 0"), "age_max = 70", "age_max = 17")

    with pytest.raises(ProtocolErrors) as refused:
        load(wrong)

    assert [mistake.path for mistake in refused.value.mistakes] == ["trial.enrolment", "eligibility.age_max"]
    assert (counts(), AuditEvent.objects.count()) == before
    assert current_protocol().trial.enrolment == 96


def test_a_failure_half_way_leaves_nothing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(services, "_put_plan", fail)

    with pytest.raises(RuntimeError):
        load(text)

    assert counts() == [0] * 7


@pytest.mark.parametrize(
    ("first", "last", "path", "reason"),
    [
        (
            '[[sites]]\ncode = "SH02"',
            "# --- the emergency number",
            "sites",
            "SH02 was loaded before and may not be left out",
        ),
        ('[[phases]]\ncode = "III"', "# --- sites.", "phases", "III was loaded before and may not be left out"),
    ],
)
def test_what_participants_belong_to_may_not_be_left_out(
    text: str, first: str, last: str, path: str, reason: str
) -> None:
    load(text)
    shorter = text[: text.index(first)] + text[text.index(last) :]

    with pytest.raises(ProtocolErrors) as refused:
        load(shorter)

    assert [(mistake.path, mistake.reason) for mistake in refused.value.mistakes] == [(path, reason)]
    assert Site.objects.count() == 2
    assert Phase.objects.count() == 2


def test_another_trial_is_refused(text: str) -> None:
    load(text)

    with pytest.raises(ProtocolErrors, match="this installation follows NCT06884904"):
        load(
            changed(text, "NCT06884904", "NCT00000001").replace(
                'registration = "NCT06884904"', 'registration = "NCT00000001"'
            )
        )


def test_a_file_for_a_later_day_is_refused(text: str) -> None:
    with clock.using(clock.VirtualClock(datetime(2027, 5, 1, tzinfo=UTC))):
        load(changed(text, "effective_from = 2025-04-15\nstatus", "effective_from = 2027-05-01\nstatus"))
        later = changed(text, "effective_from = 2025-04-15\nstatus", "effective_from = 2027-05-02\nstatus")
        with pytest.raises(ProtocolErrors) as refused:
            load(later)

    (mistake,) = refused.value.mistakes
    assert (mistake.line, mistake.path) == (line(later, "effective_from"), "effective_from")


def test_without_a_protocol_there_is_none() -> None:
    with pytest.raises(NoProtocol):
        current_protocol()


def test_a_version_is_never_changed(text: str) -> None:
    version = load(text)
    version.text = "other"

    with pytest.raises(TypeError):
        version.save()


def test_the_current_protocol_is_parsed_once_and_costs_one_small_query(
    text: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    load(text)
    first = current_protocol()

    with django_assert_num_queries(1) as captured:
        assert current_protocol() is first

    assert '"text"' not in captured.captured_queries[0]["sql"]


# --- the command


def command(path: Path) -> str:
    out = StringIO()
    call_command("load_trial", path, stdout=out, skip_checks=True)
    return out.getvalue()


def test_the_command_loads_the_projects_own_file_and_says_one_thing_a_line() -> None:
    said = command(FILE).splitlines()

    assert said[0] == "NCT06884904 version 1 (file 0.3, proposal)"
    assert "site BJ01 (synthetic)" in said
    assert "chain R1: 9 steps, again after 75 min" in said


def test_the_command_stands_in_the_audit_trail() -> None:
    command(FILE)

    event = AuditEvent.objects.filter(table="trials_protocolversion").get()
    assert (event.actor, event.reason) == ("command:load_trial", "protocol file nct06884904.toml")


def test_the_command_prints_file_line_path_and_reason_and_changes_nothing(text: str, tmp_path: Path) -> None:
    wrong = changed(changed(text, "enrolment = 96", "enrolment = 0"), 'who = "duty_desk"', 'who = "nurse"')
    path = tmp_path / "wrong.toml"
    path.write_text(wrong, encoding="utf-8")

    with pytest.raises(CommandError) as refused:
        command(path)

    first, second = str(refused.value).splitlines()
    assert first == f"{path}:{line(wrong, 'enrolment = 0')}: trial.enrolment: must be at least 1"
    assert second.startswith(f"{path}:{line(wrong, 'nurse')}: chains.unmatched.steps[0].who: 'nurse' is none of ")
    assert counts() == [0] * 7


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, ": No such file or directory"),
        (b"a = 1\nb = '\xff'\n", ":2: not UTF-8"),
        (b"a = 1\nb =\n", ":2: not TOML: Invalid value"),
    ],
)
def test_the_command_says_why_it_cannot_read(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "file.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CommandError) as refused:
        command(path)

    assert str(refused.value) == f"{path}{said}"


def test_the_minutes_of_a_site_are_its_own_and_within_the_hour(text: str) -> None:
    text = text.replace('crisis_number = "12356"', 'crisis_number = "12356"\ncallback_minutes_r2 = 30', 1)
    load_trial(text=text, source_name="thirty.toml")
    assert sorted(Site.objects.values_list("code", "callback_minutes_r2")) == [("BJ01", 30), ("SH02", None)]

    with pytest.raises(ProtocolErrors, match="within the hour"):
        load_trial(text=text.replace("_r2 = 30", "_r2 = 90"), source_name="ninety.toml")


def _site(code: str) -> str:
    return f"""[[sites]]
code = "{code}"
name_en = "Demonstration Hospital Three (synthetic)"
name_zh = "演示医院三（虚构）"
country = "CN"
timezone = "Asia/Shanghai"
team_phone = "+12025550103"
emergency_number = "120"
crisis_number = "12356"
synthetic = true
"""

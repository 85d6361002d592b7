"""A protocol file is read whole, or refused with every mistake, its line and its reason."""

import dataclasses
import json
from datetime import date, time
from itertools import pairwise

import pytest

from apps.trials.lines import line_index
from apps.trials.protocol_paging import ChainStep
from apps.trials.rules import Mistake, ProtocolErrors, read_protocol
from apps.trials.vocabulary import Channel, Who
from tests.trials.conftest import changed, line
from tests.trials.wrong_files import WRONG, Wrong


def mistakes(text: str) -> tuple[Mistake, ...]:
    with pytest.raises(ProtocolErrors) as refused:
        read_protocol(text)
    return refused.value.mistakes


def test_the_protocol_has_every_public_fact_of_the_registration(text: str) -> None:
    protocol = read_protocol(text)

    assert protocol.registration == "NCT06884904"
    assert protocol.trial.title_en == "Umbilical Cord-derived Mesenchymal Stem Cell Infusion for Treating ACLF"
    assert protocol.trial.sponsor == "National Engineering Center of Cell Products"
    assert (protocol.trial.sponsor_role, protocol.trial.sponsor_class) == ("lead", "OTHER")
    assert protocol.trial.masking == ("participant", "care provider", "investigator", "outcomes assessor")
    assert (protocol.eligibility.age_min, protocol.eligibility.age_max) == (18, 70)
    assert (protocol.eligibility.sex, protocol.eligibility.healthy_volunteers) == ("any", False)
    assert protocol.trial.enrolment == 96
    assert protocol.trial.start == date(2025, 4, 15)
    assert (protocol.window.start, protocol.window.end) == (date(2027, 4, 14), date(2028, 4, 14))
    assert {phase.code: phase.ratio for phase in protocol.phases} == {"IIb": (2, 2, 1, 1), "III": (1, 1)}
    assert [arm.dose for arm in protocol.phases[0].arms][:2] == ["4.0x10^6/kg", "2.0x10^6/kg"]
    assert protocol.languages == ("en", "zh-Hans")
    assert protocol.timezone == "Asia/Shanghai"


def test_demo_sites_say_that_they_are_synthetic(text: str) -> None:
    sites = read_protocol(text).sites

    assert len(sites) >= 2
    assert all(site.synthetic and "synthetic" in site.name_en and "虚构" in site.name_zh for site in sites)


def test_the_window_counts_both_its_ends(text: str) -> None:
    window = read_protocol(text).window

    assert window.covers(date(2027, 4, 14))
    assert window.covers(date(2028, 2, 29))
    assert window.covers(date(2028, 4, 14))
    assert not window.covers(date(2027, 4, 13))
    assert not window.covers(date(2028, 4, 15))


@pytest.mark.parametrize(
    ("at", "is_quiet"),
    [
        (time(20, 59), False),
        (time(21), True),
        (time(0), True),
        (time(7, 59), True),
        (time(8), False),
        (time(12), False),
    ],
)
def test_quiet_hours_go_over_midnight(text: str, at: time, is_quiet: bool) -> None:
    assert read_protocol(text).quiet_hours.covers(at) is is_quiet


def test_quiet_hours_inside_one_day_do_not_turn_round(text: str) -> None:
    quiet = dataclasses.replace(read_protocol(text).quiet_hours, start=time(1), end=time(6))

    assert [quiet.covers(time(hour)) for hour in (0, 1, 5, 6, 23)] == [False, True, True, False, False]


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (-1, None),
        (0, "P1"),
        (7, "P1"),
        (8, "P2"),
        (28, "P2"),
        (29, "P3"),
        (85, "P4"),
        (169, "P5"),
        (365, "P6"),
        (1101, None),
    ],
)
def test_every_day_has_one_checkin_rule(text: str, day: int, code: str | None) -> None:
    rule = read_protocol(text).checkin_rule_on(day)

    assert (rule.code if rule else None) == code


def test_weekdays_count_as_dates_count_them(text: str) -> None:
    rules = {rule.code: rule for rule in read_protocol(text).checkins}

    assert rules["P2"].weekday_numbers == {0, 2, 4, 6}
    assert rules["P4"].weekday_numbers == {date(2027, 4, 14).weekday()}


def test_a_long_holiday_counts_every_day(text: str) -> None:
    days = read_protocol(text).holiday_dates

    assert {date(2027, 10, 1), date(2027, 10, 7), date(2028, 4, 4)} <= days
    assert date(2027, 10, 8) not in days


def test_nobody_waits_longer_than_fifteen_minutes_for_the_next_page_of_r1(text: str) -> None:
    chain = read_protocol(text).chains["R1"]
    minutes = [step.after_minutes for step in chain.steps] + [chain.repeat_minutes]

    assert max(later - earlier for earlier, later in pairwise(minutes)) <= 15


def test_r1_pages_the_investigator_at_once_and_the_next_person_after_five_minutes(text: str) -> None:
    first, _, second, *_ = read_protocol(text).chains["R1"].steps

    assert first == ChainStep(0, Who.INVESTIGATOR_ON_CALL, (Channel.SMS, Channel.VOICE, Channel.EMAIL))
    assert (second.after_minutes, second.who) == (5, Who.SECOND_ON_CALL)


def test_a_chain_can_be_kept_as_json(text: str) -> None:
    chain = read_protocol(text).chains["R1"]

    kept = json.loads(json.dumps(dataclasses.asdict(chain)))

    assert kept["steps"][0] == {
        "after_minutes": 0,
        "who": "investigator_on_call",
        "channels": ["sms", "voice", "email"],
        "task": None,
    }
    assert kept["repeat_minutes"] == 75


def test_a_bigger_cohort_is_a_right_file(text: str) -> None:
    assert read_protocol(changed(text, "enrolment = 96", "enrolment = 5000")).trial.enrolment == 5000


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_a_wrong_file_is_refused_with_line_and_reason(text: str, wrong: Wrong) -> None:
    spoilt = changed(text, wrong.old, wrong.new)

    found = mistakes(spoilt)

    assert (line(spoilt, wrong.at or wrong.new), wrong.path) in [(each.line, each.path) for each in found]
    assert next(each.reason for each in found if each.path == wrong.path).startswith(wrong.reason)


def test_a_chain_that_is_not_there_is_named(text: str) -> None:
    spoilt = text.replace("chains.R3", "chains.R5")

    found = {(each.path, each.reason) for each in mistakes(spoilt)}

    assert found == {("chains.R3", "is missing"), ("chains.R5", "is none of R1, R2, R3, unmatched")}


def test_every_mistake_is_named_at_once_in_the_order_of_lines(text: str) -> None:
    spoilt = changed(text, "enrolment = 96", 'enrolment = "96"')
    spoilt = changed(spoilt, "age_max = 70", "age_max = 17")
    spoilt = changed(spoilt, 'who = "second_on_call"', 'who = "night_nurse"')

    found = mistakes(spoilt)

    assert [each.path for each in found] == ["trial.enrolment", "eligibility.age_max", "chains.R1.steps[2].who"]
    assert [each.line for each in found] == sorted(each.line for each in found)


@pytest.mark.parametrize(
    "spoilt", ["", "\x00", "[", "registration = 1", "a = 1\na = 2", "[[trial]]", "chains = []", "sites = 5", "é"]
)
def test_nothing_at_all_like_a_protocol_is_refused_and_never_crashes(spoilt: str) -> None:
    assert mistakes(spoilt)


def test_an_accepted_version_is_read_again_although_a_check_was_added_since(text: str) -> None:
    unchecked = changed(text, "age_max = 70", "age_max = 17")

    assert read_protocol(unchecked, is_checked=True).eligibility.age_max == 17


def test_a_line_index_is_not_misled_by_strings_and_comments() -> None:
    text = '[a] # [b]\nx = "[c] = #"\ny = """\n[d]\nz = 1\n"""\nlist = [\n  [1, 2],\n  { k = 1 },\n]\n\n'
    text += '[[e]]\nq.r = 1\n[[e]]\n[[e.f]]\n"s" = 2\n'

    index = line_index(text)

    assert index == {
        (): 1,
        ("a",): 1,
        ("a", "x"): 2,
        ("a", "y"): 3,
        ("a", "list"): 7,
        ("e",): 12,
        ("e", 0): 12,
        ("e", 0, "q", "r"): 13,
        ("e", 1): 14,
        ("e", 1, "f"): 15,
        ("e", 1, "f", 0): 15,
        ("e", 1, "f", 0, "s"): 16,
    }

"""A named person takes it, once; the others are told; and taken is not done until a contact is recorded."""

import re
import tomllib
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.test import override_settings

from apps.audit.models import AuditEvent
from apps.escalation import chains, rules
from apps.escalation import services as escalation
from apps.escalation.models import Acknowledgement, ContactRecord, Escalation, Page
from apps.escalation.vocabulary import ChainName, ContactResult, EscalationState, PageState, Via
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import SendState
from apps.staff.models import User
from tests import people
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db


def test_the_code_takes_it_and_the_answer_is_the_menu(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.minutes(2)
    answer = stage.text(alice, stage.code(running, alice))
    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.ACKNOWLEDGED, alice)
    assert answer is not None
    assert answer.wording == "staff_contact_menu"
    assert answer.values == {"ref": running.ref, "time": "10:02", "code": stage.code(running, alice)}


def test_the_trail_names_the_person_who_sent_the_code(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.drain()
    stage.text(alice, stage.code(running, alice))
    taken = AuditEvent.objects.get(table="escalation_acknowledgement")
    assert (taken.actor, taken.reason) == (f"user:{alice.pk}", "code by text message")


def test_nobody_else_is_paged_after_it_is_taken(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.minutes(2)
    stage.text(alice, stage.code(running, alice))
    stage.minutes(25)
    assert stage.paged(running) == [(0, "Alice")]


def test_taking_cancels_what_waits_in_the_outbox_in_the_same_transaction(stage: Stage, alice: User, bob: User) -> None:
    stage.carrier.outcome = lambda _message: None
    running = stage.start()
    stage.play(timedelta(seconds=61))
    pages = [*OutboundMessage.objects.filter(state=SendState.PLANNED).values_list("pk", flat=True)]
    assert len(pages) == 2
    escalation.acknowledge(escalation=running, person=alice, via=Via.ADMIN)
    assert {*OutboundMessage.objects.filter(pk__in=pages).values_list("state", flat=True)} == {"cancelled"}
    assert not running.pages.filter(kind="page", due_at__isnull=False).exists()
    assert Page.objects.get(person=bob, channel="sms").state == PageState.CANCELLED


def test_the_others_who_were_paged_hear_who_has_it(stage: Stage, alice: User, bob: User, carol: User) -> None:
    running = stage.start()
    stage.minutes(6)
    stage.text(bob, stage.code(running, bob))
    stage.minutes(1)
    assert (
        stage.carrier.texts_to(alice)[-1]
        == f"{running.ref} is already taken by Bob, Sub-investigator at 10:06. Nothing to do."
    )
    assert stage.carrier.texts_to(carol) == []


def test_the_second_code_hears_who_has_it_and_is_kept_as_late(stage: Stage, alice: User, bob: User) -> None:
    running = stage.start()
    stage.minutes(6)
    stage.text(alice, stage.code(running, alice))
    answer = stage.text(bob, stage.code(running, bob))
    assert answer is not None
    assert answer.wording == "staff_taken"
    assert answer.values["name_role"].startswith("Alice")
    assert [*Acknowledgement.objects.order_by("at").values_list("person__name", "is_late")] == [
        ("Alice", False),
        ("Bob", True),
    ]


def test_the_workplace_button_sends_the_menu_by_text(stage: Stage, carol: User) -> None:
    running = stage.start()
    stage.minutes(1)
    escalation.acknowledge(escalation=running, person=carol, via=Via.ADMIN)
    stage.drain()
    assert stage.carrier.texts_to(carol)[-1].startswith(f"{running.ref} is yours since 10:01. Phone now.")
    answer = stage.text(carol, f"{stage.code(running, carol)} 1")
    assert answer is not None
    assert answer.wording == "staff_noted"


@pytest.mark.parametrize(
    "written", ["{code}", "{code}1", "{code} 1", "{code}　１", "{code}，1", "ok {code}", "回{code} 1"]
)
def test_a_code_is_understood_as_people_type_it(stage: Stage, alice: User, written: str) -> None:
    running = stage.start()
    stage.drain()
    full_width = stage.code(running, alice).translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    for code in (stage.code(running, alice), full_width):
        assert stage.text(alice, written.format(code=code)) is not None
    running.refresh_from_db()
    assert running.state != EscalationState.OPEN


@pytest.mark.parametrize(
    "written",
    [
        "{code} 3分钟后打给他",
        "{code} 3 min",
        "收到{code}，1小时后到",
        "{code} 1 sec, driving",
        "ok {code}, 2 mins",
        "{code} 4 patients waiting",
    ],
)
def test_a_number_behind_a_code_takes_the_case_and_is_no_word_of_a_contact(
    stage: Stage, alice: User, written: str
) -> None:
    running = stage.start()
    stage.drain()
    stage.text(alice, written.format(code=stage.code(running, alice)))
    running.refresh_from_db()
    assert (running.state, running.contacts.count()) == (EscalationState.ACKNOWLEDGED, 0)


@pytest.mark.parametrize(
    "written", ["{code} 1 reached", "{code} 3在医院", "{code}，1 已联系。", "{code} 3 (at hospital)"]
)
def test_a_result_may_be_followed_by_the_menus_own_word(stage: Stage, alice: User, written: str) -> None:
    running = stage.start()
    stage.drain()
    stage.text(alice, written.format(code=stage.code(running, alice)))
    running.refresh_from_db()
    assert running.state == EscalationState.CONTACTED


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_line_of_the_menu_copied_back_is_its_result(language: str) -> None:
    wordings = tomllib.loads((settings.BASE_DIR / "templates" / "wording" / f"{language}.toml").read_text("utf-8"))
    lines = re.findall(r"(?:\{code\} )?([1-4]) ?([^\d{}/，.]+)", wordings["say"]["staff_contact_menu"]["text"])
    read = [rules.read_code(f"4821 {digit} {words.strip()}") for digit, words in lines]
    assert [found and found.result for found in read] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("written", ["hello", "", "12345678", "2027 2028", "no signal here", "1", "x" * 200 + " 4821"])
def test_a_text_without_a_code_is_none(stage: Stage, alice: User, written: str) -> None:
    stage.start()
    stage.drain()
    assert stage.text(alice, written) is None


def test_a_wrong_code_takes_nothing(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.drain()
    wrong = f"{(int(stage.code(running, alice)) + 1) % 10000:04d}"
    answer = stage.text(alice, wrong)
    running.refresh_from_db()
    assert answer is not None
    assert (answer.wording, running.state) == ("staff_code_unknown", EscalationState.OPEN)


def test_reminders_at_15_and_25_minutes_then_it_opens_again_at_30(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.drain()
    stage.text(alice, stage.code(running, alice))
    stage.minutes(29)
    reminders = Page.objects.filter(kind="reminder", person=alice).order_by("created_at")
    assert [page.created_at - running.opened_at for page in reminders] == [timedelta(minutes=15), timedelta(minutes=25)]
    stage.minutes(1)
    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.OPEN, None)
    assert {name for minute, name in stage.paged(running) if minute == 30} >= {"Alice", "Bob", "Carol"}


@pytest.mark.parametrize(
    ("chain", "minutes"),
    [(ChainName.R1, 30), (ChainName.R2, 60), (ChainName.R3, 480), (ChainName.UNMATCHED, 30)],
)
def test_each_level_has_its_own_minutes_until_it_opens_again(
    stage: Stage, carol: User, dan: User, chain: ChainName, minutes: int
) -> None:
    running = stage.start(chain)
    stage.drain()
    taker = dan if chain == ChainName.UNMATCHED else carol
    escalation.acknowledge(escalation=running, person=taker, via=Via.ADMIN)
    stage.minutes(minutes - 1)
    running.refresh_from_db()
    assert running.state == EscalationState.ACKNOWLEDGED
    stage.minutes(1)
    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.OPEN, None)


def test_a_no_answer_buys_fifteen_minutes(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.drain()
    code = stage.code(running, alice)
    stage.text(alice, code)
    stage.minutes(20)
    answer = stage.text(alice, f"{code} 2")
    assert answer is not None
    assert answer.wording == "staff_noted"
    stage.minutes(14)
    running.refresh_from_db()
    assert running.state == EscalationState.ACKNOWLEDGED
    stage.minutes(1)
    running.refresh_from_db()
    assert running.state == EscalationState.OPEN


@pytest.mark.parametrize("result", ["1", "3"])
def test_reached_or_at_hospital_ends_it(stage: Stage, alice: User, result: str) -> None:
    running = stage.start()
    stage.drain()
    code = stage.code(running, alice)
    stage.text(alice, code)
    stage.text(alice, f"{code} {result}")
    running.refresh_from_db()
    assert (running.state, running.due_at) == (EscalationState.CONTACTED, None)
    assert ContactRecord.objects.get().result == result


def test_a_result_without_taking_first_takes_it_too(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.drain()
    stage.text(alice, f"{stage.code(running, alice)} 1")
    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.CONTACTED, alice)


def test_handing_over_pages_the_next_and_not_the_one_who_hands_over(stage: Stage, alice: User, bob: User) -> None:
    running = stage.start()
    stage.minutes(1)
    code = stage.code(running, alice)
    stage.text(alice, code)
    stage.text(alice, f"{code} 4")
    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.OPEN, alice)
    paged = [name for minute, name in stage.paged(running) if minute == 1]
    assert "Bob" in paged
    assert "Alice" not in paged
    stage.text(bob, stage.code(running, bob))
    running.refresh_from_db()
    assert running.acknowledged_by == bob


def test_only_the_holder_hands_over(stage: Stage, alice: User, bob: User) -> None:
    running = stage.start()
    stage.minutes(6)
    stage.text(alice, stage.code(running, alice))
    answer = stage.text(bob, f"{stage.code(running, bob)} 4")
    running.refresh_from_db()
    assert answer is not None
    assert (answer.wording, running.acknowledged_by) == ("staff_taken", alice)


def test_a_contact_by_somebody_else_ends_it_too(stage: Stage, alice: User, bob: User) -> None:
    running = stage.start()
    stage.minutes(6)
    stage.text(alice, stage.code(running, alice))
    stage.text(bob, f"{stage.code(running, bob)} 1")
    running.refresh_from_db()
    assert running.state == EscalationState.CONTACTED
    assert ContactRecord.objects.get().person == bob


def test_two_running_escalations_never_share_a_code_for_one_person(stage: Stage, alice: User) -> None:
    running = [stage.start() for _ in range(30)]
    stage.drain()
    assert len({stage.code(each, alice) for each in running}) == 30


def test_two_people_with_the_same_code_each_take_their_own(stage: Stage, alice: User, bob: User) -> None:
    """A code is drawn for a person: by chance another has the same. It is told apart by the phone that it comes from."""
    first, second = stage.start(), stage.start(ChainName.R2)
    stage.drain()
    first.pages.exclude(person=alice).delete()
    second.pages.update(person=bob, code=stage.code(first, alice))
    code = stage.code(first, alice)
    stage.text(bob, code)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.acknowledged_by) == (EscalationState.OPEN, bob)
    stage.text(alice, code)
    first.refresh_from_db()
    assert first.acknowledged_by == alice


def test_a_code_sent_twice_is_taken_once_and_answered_alike(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.drain()
    answers = [stage.text(alice, stage.code(running, alice)) for _ in range(2)]
    running.refresh_from_db()
    assert answers[0] == answers[1]
    assert running.acknowledgements.filter(is_late=False).count() == 1
    assert running.expires_at == running.opened_at + timedelta(minutes=30)


def test_references_have_no_letter_that_looks_like_another(stage: Stage) -> None:
    refs = "".join(stage.start().ref for _ in range(50))
    assert not {*refs} & {*"0O1IL"}


def test_an_open_or_taken_escalation_always_has_a_due_row(stage: Stage, alice: User) -> None:
    running = stage.start()
    for _ in range(40):
        stage.minutes(3)
        running.refresh_from_db()
        assert running.due_at is not None
        assert running.quarantined_at is None
        if running.state == EscalationState.OPEN:
            stage.text(alice, stage.code(running, alice))


@override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend")
def test_the_e_mail_holds_reference_code_and_links_and_nothing_else(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.play(timedelta(seconds=2))
    letter = next(each for each in mail.outbox if each.to == [alice.email])
    assert letter.subject == f"Alert {running.ref}"
    assert stage.code(running, alice) in letter.body
    assert "https://sms.example.org/ack/" in letter.body


def test_ten_minutes_of_results_are_all_kept(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.drain()
    code = stage.code(running, alice)
    for result in ("2", "2", "1", "3"):
        stage.text(alice, f"{code} {result}")
    assert [*ContactRecord.objects.order_by("at").values_list("result", flat=True)] == ["2", "2", "1", "3"]
    assert ContactResult.REACHED in {record.result for record in ContactRecord.objects.all()}


def wants_two(stage: Stage) -> Escalation:
    content = chains.content_of(ChainName.R1, site=stage.site) | {"second_acknowledgement": True}
    escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=people.carol(), reason="two of us")
    running = stage.start()
    stage.drain()
    return running


def test_a_required_second_acknowledgement_never_holds_up_the_first(stage: Stage, alice: User, bob: User) -> None:
    running = wants_two(stage)
    first = stage.text(alice, stage.code(running, alice))
    assert first is not None
    assert first.wording == "staff_contact_menu"
    stage.minutes(6)
    assert "Bob" in [name for _, name in stage.paged(running)]
    second = stage.text(bob, stage.code(running, bob))
    running.refresh_from_db()
    assert second is not None
    assert (second.wording, running.acknowledged_by, running.second_wanted) == ("staff_noted", alice, False)
    paged = stage.paged(running)
    stage.minutes(15)
    assert stage.paged(running) == paged


def test_the_same_person_is_no_second(stage: Stage, alice: User) -> None:
    running = wants_two(stage)
    stage.text(alice, stage.code(running, alice))
    stage.text(alice, stage.code(running, alice))
    running.refresh_from_db()
    assert running.second_wanted


def test_a_contact_ends_it_without_a_second(stage: Stage, alice: User) -> None:
    running = wants_two(stage)
    stage.text(alice, f"{stage.code(running, alice)} 1")
    running.refresh_from_db()
    assert (running.state, running.due_at) == (EscalationState.CONTACTED, None)

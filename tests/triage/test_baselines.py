"""A complaint that a clinician signed as known pages one step later, alone and unchanged only; everything else voids it."""

from datetime import date, timedelta

import pytest

from apps.core import clock
from apps.core.clock import VirtualClock
from apps.staff.models import Signature
from apps.staff.services import NotSigned
from apps.triage import baselines, rules
from apps.triage.baselines import NeverABaseline, NotAClinicianHere, TooLong, Undescribed
from apps.triage.models import Baseline, SymptomReport
from tests import people
from tests.times import MORNING, beginning_at
from tests.triage.scenes import text
from tests.workplace import scenes

pytestmark = pytest.mark.django_db
ITCH = rules.Context(baselines=("leg_swelling",))
SAID = "both ankles are swollen"
time = beginning_at(MORNING)


def sign(**other: object) -> Baseline:
    values = {
        "participant": people.jones(),
        "item": "leg_swelling",
        "description": "both ankles, soft, since April; ultrasound without clot",
        "valid_until": date(2027, 7, 1),
        "person": people.alice(),
        "password": people.PASSWORD,
    }
    return baselines.sign_baseline(**{**values, **other})  # type: ignore[arg-type]


def last_report() -> SymptomReport:
    found = SymptomReport.objects.order_by("-classified_at").first()
    assert found is not None
    return found


# --- what it does


def test_the_signed_complaint_alone_is_one_step_less_urgent_and_says_why() -> None:
    before, after = rules.assess(SAID), rules.assess(SAID, context=ITCH)

    assert (before.level, after.level) == ("R3", "R4")
    assert after.label == before.label == "nonserious"
    assert after.findings == before.findings
    assert after.reason.endswith("signed baseline leg_swelling: R3 to R4")


@pytest.mark.parametrize(
    "said",
    [
        "both ankles are swollen and I have a fever of 38.2",
        "both ankles are swollen, worse than last week",
        "left leg swollen and painful",
        "both ankles are swollen and I vomited blood",
        "both ankles are swollen, no blood in the stool",
    ],
)
def test_anything_else_in_the_text_counts_as_if_nothing_were_signed(said: str) -> None:
    assert rules.assess(said, context=ITCH).level == rules.assess(said).level


@pytest.mark.parametrize(
    "context",
    [
        rules.Context(baselines=("leg_swelling",), last_answer=2),
        rules.Context(baselines=("leg_swelling",), recent_items=("fatigue",)),
        rules.Context(baselines=("itching",)),
    ],
    ids=["answered worse", "something else within 72 h", "another complaint"],
)
def test_a_changed_picture_counts_in_full(context: rules.Context) -> None:
    assert "signed baseline" not in rules.assess(SAID, context=context).reason


def test_a_familys_report_counts_in_full() -> None:
    assert rules.assess(SAID, sender="caregiver", context=ITCH).level == rules.assess(SAID, sender="caregiver").level


def test_an_emergency_is_never_softened() -> None:
    everything = rules.Context(baselines=tuple(rules.catalogue().items))

    for said in ("vomited blood", "今天早上吐血了", "he is confused", "fever 39.5"):
        assert rules.assess(said, context=everything).level == rules.assess(said).level


# --- who signs what


def test_a_signature_stands_under_exactly_what_was_signed() -> None:
    made = sign()

    signature = Signature.objects.get(pk=made.signature_id)
    assert (signature.signer, signature.meaning) == (people.alice(), "known and unchanged")
    assert signature.record.endswith(str(made.pk))
    assert made.description.startswith("both ankles")


def test_a_coordinator_and_another_sites_investigator_may_not() -> None:
    for person in (people.chen(), people.dora()):
        with pytest.raises(NotAClinicianHere):
            sign(person=person)


def test_a_wrong_password_signs_nothing() -> None:
    with pytest.raises(NotSigned):
        sign(password="guess")
    assert not Baseline.objects.exists()


@pytest.mark.parametrize("item", ["confusion", "melena", "dyspnea", "fever", "evt_death", "unwell", "nonsense"])
def test_some_complaints_are_never_a_baseline(item: str) -> None:
    with pytest.raises(NeverABaseline):
        sign(item=item)


def test_whatever_the_catalogue_holds_no_emergency_can_be_signed() -> None:
    items = rules.catalogue().items
    assert all(items[name].level != "R1" and items[name].label == "nonserious" for name in baselines.may_be_signed())


@pytest.mark.parametrize("day", [date(2027, 5, 12), date(2027, 8, 11)])
def test_it_lasts_from_tomorrow_to_ninety_days(day: date) -> None:
    with pytest.raises(TooLong):
        sign(valid_until=day)


def test_it_says_what_is_known() -> None:
    with pytest.raises(Undescribed):
        sign(description=" ")


# --- how long it holds


def test_a_text_is_softened_while_it_holds_and_not_after(time: VirtualClock) -> None:
    sign(valid_until=date(2027, 5, 20))
    text("jones", SAID)
    assert last_report().level == "R4"
    time.advance(timedelta(days=9))

    text("jones", SAID)

    assert last_report().level == "R3"


def test_an_urgent_text_voids_it_until_it_is_signed_anew(time: VirtualClock) -> None:
    sign()
    time.advance(timedelta(hours=1))
    text("jones", "black stool since last night")
    time.advance(timedelta(days=5))
    assert baselines.valid_items(people.jones(), at=clock.now()) == ()

    sign()

    time.advance(timedelta(minutes=1))
    assert baselines.valid_items(people.jones(), at=clock.now()) == ("leg_swelling",)


def test_more_of_the_same_by_an_answer_counts_in_full_and_voids_it(time: VirtualClock) -> None:
    sign(item="hernia", description="reducible, since March")
    time.advance(timedelta(hours=2))
    text("jones", "my hernia bulges")
    softened = last_report().level
    time.advance(timedelta(minutes=4))

    text("jones", "3")  # compared with last week: more

    assert (softened, last_report().level) == ("R4", "R3")
    assert last_report().reason == "answer change=3 of hernia; rule worse R3"
    time.advance(timedelta(minutes=4))
    assert baselines.valid_items(people.jones(), at=clock.now()) == ()


def test_signing_anew_ends_the_old_one() -> None:
    first, second = sign(), sign(valid_until=date(2027, 6, 1))

    first.refresh_from_db()
    assert first.ended_by == people.alice()
    assert second.ended_at is None


def test_ending_it_ends_it(time: VirtualClock) -> None:
    made = sign()
    time.advance(timedelta(minutes=1))
    baselines.end_baseline(baseline=made, person=people.bob())

    assert baselines.valid_items(people.jones(), at=clock.now()) == ()
    with pytest.raises(NotAClinicianHere):
        baselines.end_baseline(baseline=made, person=people.chen())


# --- on the card


def test_an_investigator_signs_on_the_card_and_everybody_of_the_site_sees_it() -> None:
    said = {"item": "leg_swelling", "description": "known since April", "valid_until": "2027-07-01"}

    answer = scenes.press(people.alice(), people.jones(), "baseline", password=people.PASSWORD, **said)

    assert answer.status_code == 303
    card = scenes.page(people.chen(), scenes.change_url(people.jones()))
    assert "known since April" in card
    assert "Sign a complaint" not in card
    made = Baseline.objects.get()
    assert scenes.press(people.alice(), people.jones(), "end_baseline", baseline=str(made.pk)).status_code == 303
    assert "known since April" not in scenes.page(people.chen(), scenes.change_url(people.jones()))


def test_a_refused_signature_is_a_sentence_on_the_card() -> None:
    said = {"item": "leg_swelling", "description": "known", "valid_until": "2028-07-01", "password": people.PASSWORD}

    answer = scenes.press(people.alice(), people.jones(), "baseline", **said)

    assert answer.status_code == 422
    assert "at most 90 days ahead" in answer.content.decode()


@pytest.mark.parametrize(
    ("clues", "stands"), [([{"start": 0, "end": 3, "weight": 900, "name": ""}], True), ([], False)]
)
def test_what_only_the_net_took_for_urgent_voids_nothing(
    time: VirtualClock, clues: list[dict[str, object]], stands: bool
) -> None:
    sign()
    time.advance(timedelta(hours=1))
    text("jones", "my ankles again")
    SymptomReport.objects.filter(pk=last_report().pk).update(level="R2", findings=[], clues=clues)
    time.advance(timedelta(hours=1))

    assert baselines.valid_items(people.jones(), at=clock.now()) == (("leg_swelling",) if stands else ())

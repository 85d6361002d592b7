"""A word that would make a complaint an emergency counts unless it is denied: "vomiting, no blood" is no call for an ambulance."""

import pytest

from apps.triage.rules import engine
from apps.triage.rules.shapes import Context

DENIED = [
    ("vomiting but no blood", "R3"),
    ("threw up twice, no blood", "R3"),
    ("vomiting. no blood", "R3"),
    ("slipped on the wet leaves, didn't bang my head, just a sore arm", "R3"),
    ("吐了两次，没有血", "R3"),
    ("呕吐，无血", "R3"),
]
SAID = [
    "vomiting and now blood",
    "vomit has no blood but black bits",
    "吐了，开始没血，后来有血",
    "呕吐，没有血，但是咖啡色的",
    "呕吐，没有血，黑色的",
    "吐了，不是血，是黑的",
    "吐了两次，不是血，是咖啡色的",
    "vomiting, not blood, coffee coloured stuff",
    "slipped on the step and hit my head",
    "vomiting, first no blood, now there is blood",
]


@pytest.mark.parametrize(("text", "level"), DENIED)
def test_a_denied_word_makes_a_complaint_no_emergency(text: str, level: str) -> None:
    found = engine().without_net().assess(text, sender="participant", context=Context())
    assert (found.level, found.label) == (level, "nonserious")


@pytest.mark.parametrize("text", SAID)
def test_one_that_is_said_too_makes_it_an_emergency(text: str) -> None:
    assert engine().without_net().assess(text, sender="participant", context=Context()).level == "R1"


def test_a_denial_takes_nothing_from_something_serious_beside_it() -> None:
    text = "weeing in the jug like you said, since yesterday dinnertime theres not been enough to water a cactus. Call it 10ml"
    assert engine().without_net().assess(text, sender="caregiver", context=Context()).level == "R1"


@pytest.mark.parametrize("text", ["早饭后有点恶心,没吐,下午就好了", "嗓子眼痒咳嗽两声，没痰，没红的"])
def test_what_is_denied_in_the_next_clause_leaves_the_complaint_before_it(text: str) -> None:
    assert engine().without_net().assess(text, sender="participant", context=Context()).label == "nonserious"

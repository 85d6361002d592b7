"""A death that is wished for, foreseen or escaped silences nobody and is told to nobody, nor do words that mean another thing; one that
has been is never taken for such."""

import pytest

from apps.triage import rules

HAS_NOT_BEEN = (
    "他要死了",
    "他快死了，快来",
    "他就要死了",
    "我爸快死了怎么办",
    "他死了算了",
    "他快没了",
    "我妈要走了",
    "快要咽气了",
    "他要去世了",
    "他快去世了",
    "人要没了",
    "他差点死了",
    "爷爷快过世了",
    "爺爺快過世了",
    "他要死了，已经没呼吸了",
    "他要走了，去医院",
    "he is going to die",
    "she is about to die please help",
    "he's gonna die",
    "she says she wants to die",
    "he nearly died last night",
    "he almost died",
)
ANOTHER_THING = (
    "he's gone home",
    "he has gone yellow",
    "he's gone off his food",
    "she passed a stone",
    "dad passed all his motions",
    "他没了胃口",
    "他没了力气",
    "我妈妈没了工作",
)
HELP_IS_NEEDED = (
    "he passed out",
    "she's gone grey and sweaty, hand flat on her chest",
    "he's gone very quiet and won't wake",
    "dad passed a lot of blood",
    "他没了呼吸",
    "我妈没了意识",
    "心跳停了",
    "他没了心跳",
)
HAS_BEEN = (
    "呼吸停了，医生宣布死亡",
    "心跳停了，人走了",
    "心跳停了，昨晚走了",
    "他死了，算了",
    "he nearly died on monday and died today",
    "he almost died but then died this morning",
    "他昨晚走了",
    "他已经死了",
    "我老公刚刚死了",
    "送到医院很快就去世了",
    "他昨天没了",
    "人没了",
    "奶奶走了",
    "妈妈不在了",
    "他说想死，昨晚死了",
    "他刚死了",
    "he died last night",
    "he is dead",
    "he passed on",
    "he passed in his sleep",
    "he passed this morning",
    "she is gone",
    "他没了我怎么办",
    "爷爷昨晚没了",
    "she passed away yesterday",
    "he was going to die and he died",
    "he wants to die and last night he died",
)


@pytest.mark.parametrize("body", HAS_NOT_BEEN)
def test_of_a_death_that_has_not_been_the_way_is_help_and_as_urgent(body: str) -> None:
    found = rules.assess(body, sender="caregiver")
    assert found.path in (None, "crisis")
    assert found.level == "R1"


@pytest.mark.parametrize("body", HAS_BEEN)
def test_a_death_that_has_been_is_one_whatever_was_foreseen_before(body: str) -> None:
    assert rules.assess(body, sender="caregiver").path == "death"


@pytest.mark.parametrize("body", [
        "怎么这么快走了", "他太快走了", "他差点死了，今天早上死了", "快死了，刚才走了",
        "he passed a few hours ago", "mum passed a week ago", "he passed that same day", "dad passed all alone", "she passed by herself",
        "he passed it was peaceful", "he's gone to a better place", "he's gone all of a sudden", "he's gone for good", "she's gone really",
        "she's gone a few hours ago", "he's gone home to his maker", "she's gone up to the angels",
    ],
)  # fmt: skip
def test_what_may_be_a_death_behind_a_word_of_haste_or_of_an_earlier_one_is_still_held_for_one(body: str) -> None:
    assert rules.assess(body, sender="caregiver").path == "death_hold"


@pytest.mark.parametrize("body", ANOTHER_THING)
def test_words_that_go_on_to_mean_another_thing_are_read_by_a_person_at_most(body: str) -> None:
    found = rules.assess(body, sender="caregiver")
    assert (found.path, found.label) == (None, "unclear")
    assert found.level in ("R2", "R3")


@pytest.mark.parametrize("body", HELP_IS_NEEDED)
def test_and_where_they_tell_of_an_emergency_it_is_one(body: str) -> None:
    found = rules.assess(body, sender="caregiver")
    assert (found.path, found.label, found.level) == (None, "serious", "R1")

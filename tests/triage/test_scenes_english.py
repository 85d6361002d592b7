"""English scenes in which nothing is named, and the everyday ones beside them: what is dated, denied, read or done by others.

The wordings are the author's own, not the corpus's. Each group is one mechanism of the rules.
"""

import pytest

from apps.triage.rules import Context, engine

SERIOUS = {
    "a denial spelt out is the same as its contraction": [
        "he could not find his way to the toilet and he did not recognise my sister",
        "she does not know where she is",
    ],
    "a dropped g is no other word": ["standin at the sink he went down, woke with the dog lickin his face"],
    "a pronoun of the other sex is not about the one who tells": [
        "My aunt tells me he cannot lie flat, he feels he is drowning",
        "my niece reports he was talking gibberish at breakfast",
    ],
    "a no reaches what follows it, not what stands elsewhere": [
        "No upset stomach, no rash, cheap too. I keep counting out the tablets and thinking of the bridge",
    ],
    "a death within a scene dates the death": [
        "he keeps laying a place for his mother, buried in 1998",
        "mum is writing to her sister, dead these ten years",
    ],
    "stopping for breath is not a stop": [
        "chest rattles and he has to stop on every stair",
        "can't finish a verse of a hymn without stopping",
    ],
    "a name of a hospital is a hospital": [
        "He's in St Anne's since Sunday, second floor, they are keeping him for bloods"
    ],
    "death, told softly": ["we lost our darling dad in the early hours", "Papa was laid to rest on Saturday"],
    "no urine, told by the vessel": [
        "bottle 0 ml since last night",
        "catheter bag hasn't filled at all overnight",
        "drunk four mugs of tea and not been once",
    ],
    "water, told by what no longer fits": [
        "had to borrow my son's trousers, nothing of mine does up round me, five days",
        "you'd think I had swallowed a melon, up 5 kilo since Sunday",
    ],
    "farewells and means": [
        "she set her zopiclone out in little piles on the duvet, easier for everybody she told me",
        "notes for my girls are in the envelope with the will. I won't be here beyond Sunday",
        "she keeps saying she'll jump",
    ],
    "a week's tablets at once": ["swallowed the whole pill box, Monday to Sunday, by mistake"],
    "words lost, beliefs found": [
        "can't find the word for anything since lunch, not even cup",
        "my wife thinks the curtains are talking to her",
    ],
}

QUIET = {
    "small bleeds that are over": [
        "nosebleed at lunch, 4 mins, stopped when he pinched it",
        "spit a bit pink when I brush my teeth",
    ],
    "no growth, no fall, no fright": [
        "tape round my belly says the same as last month, not growing",
        "banged my elbow on the door, it left a black mark",
        "Voice all croaky after the drip, swallowing is fine",
        "slid off the stool, landed on my bum, everyone laughed",
    ],
    "a clear mind": ["grumpy on the steroids, but his mind is clear as ever and he knows what day it is"],
    "somebody else's": [
        "Mrs Field across the road, who usually gives me a lift, was admitted on Tuesday",
        "my cousin died on Monday so can we move my visit",
        "my wife is in bed with a fever of 39.2, he hasn't caught it",
    ],
    "books, forms, reviews": [
        "Reviews say carvedilol makes people faint. True?",
        "Can beta blockers cause fainting?",
        "there is a chapter on hepatic coma in my book",
        "page four of the leaflet speaks of sepsis",
    ],
    "long past": [
        "broke my leg in 79 playing football",
        "When Ted was 6 he had a seizure",
        "back in eighty four I vomited blood, that was the whisky",
    ],
    "sayings": [
        "sleeps like the dead these days",
        "your portal needs a defibrillator",
        "nearly fainted at the price of a taxi",
        "losing my mind over the kitchen builders",
        "bleeding useless, that car park machine",
        "So confused by this form",
        "our van died on the bypass",
        "cut myself shaving",
        "nobody died, I only want the parking code",
    ],
    "denied": ["low mood but not going to hurt myself", "dun have faint, dun have vomit, only itchy"],
}

NOT_SILENCED = [
    "nosebleed stopped after five minutes but it started again and I'm on the third towel",
    "he knows me but he doesn't know what year it is",
    "spat pink when I brushed my teeth and coughed up a cup of blood",
    "tummy same as last week but now I'm vomiting blood",
    "knocked my shin, black mark. And my stool is black and sticky",
    "voice is hoarse and the left side of her face droops",
    "slipped on the step, hit my head, blacked out",
    "your leaflet mentions fits. I had a fit this morning",
    "my cousin died on Monday. Can we move my visit? I also vomited blood",
    "laughed at your text. Since noon I can't breathe lying down",
    "Dave from work has flu. I collapsed at the bus stop",
    "bit tight in the chest at noon, now it's crushing and down my arm",
    "never fainted before but today I did",
    "cut myself shaving at nine, now it is four and still bleeding through the towels",
]


def _label(text: str) -> str:
    """What the rules alone say, without the net."""
    return engine().without_net().assess(text, sender="participant", context=Context()).label


def _pairs(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(why, text) for why, texts in table.items() for text in texts]


@pytest.mark.parametrize(("why", "text"), _pairs(SERIOUS))
def test_a_scene_without_the_word_is_serious(why: str, text: str) -> None:
    assert _label(text) == "serious", why


@pytest.mark.parametrize(("why", "text"), _pairs(QUIET))
def test_an_everyday_scene_raises_no_alarm(why: str, text: str) -> None:
    assert _label(text) in ("none", "nonserious"), why


@pytest.mark.parametrize("text", NOT_SILENCED)
def test_what_makes_a_text_quiet_does_not_hide_what_stands_beside_it(text: str) -> None:
    assert _label(text) == "serious"

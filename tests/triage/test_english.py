"""English texts: what each red flag sounds like from a participant or a relative, and what only looks like it.

The wordings are the author's own, not the corpus's. Each concept has several, few with the textbook word.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage import figures
from apps.triage.figures import Judged
from apps.triage.rules import LABELS, assess, catalogue
from apps.triage.rules.lexicon import Lexicon
from apps.triage.rules.patterns import PatternError, parse
from apps.triage.rules.spoken import digits

RED_FLAGS = {
    "bleeding from the gut": [
        "went for a number two and it looked like someone emptied a tin of treacle in there",
        "He heaved and it was all like coffee dregs",
        "blk stools x2",
        "Threw up and the sink looks like a butcher shop",
        "there's a lot of red in the bowl and it's not the first flush",
    ],
    "encephalopathy, never named": [
        "Dad put his cereal in the sock drawer",
        "She answered the phone with the hairbrush",
        "he looks at me like I'm a stranger",
        "cant work out how to use the remote and he is an electrician",
        "I asked my husband to pass the salt and he handed me his slipper, dead serious",
        "took three of us to rouse him and he nodded off again mid sentence",
        "His handwriting turned into scribbles and he cant do the crossword he does every day",
    ],
    "infection": [
        "103.1 on the thermometer",
        "39.6 and I can't get warm under three quilts",
        "temp 38.9 tummy very tender to touch",
        "lab says I have bugs in my bloodstream",
        "drain fluid looks like lentil soup and he has a temp of 38.5",
    ],
    "breath": [
        "dad is puffing like a steam train sat in his chair",
        "sleeping upright cos lying down I drown",
        "I can only say a few words before I have to stop for air",
        "walking to the bathroom leaves me gasping, last week I could do the stairs",
        "sats 84",
    ],
    "chest": [
        "tight band round my chest and my left arm aches",
        "my husband is grey and rubbing his breastbone, says it's like a fist",
        "there's a pain behind my ribs on the left, going into my shoulder, and I feel sick and sweaty",
    ],
    "water": [
        "belly got huge in a week, trousers dont close",
        "my tummy is tight as a drum and leaking through the belly button",
        "Put on 6 kilos since last Friday and none of it is food",
    ],
    "faint": [
        "everything went dark and next thing i was on the floor",
        "I came to on the bathroom tiles",
        "one moment I'm making tea the next I'm looking at the underside of the table",
        "i lost conscious for one minute in the market",
    ],
    "self-harm": [
        "I have been saving up my pills",
        "everyone would be better off without me",
        "Sometimes I stand on the platform and think about stepping in front",
        "I wrote letters to the kids and I know how I'm going to do it",
        "going to be with my Harold soon, I've been putting the pills by",
    ],
    "bleeding that will not stop": [
        "Cut myself shaving at 8 and it's noon and still dripping",
        "my pee is red like wine",
        "little cough and then a mouthful of red in my hand",
        "gums won't stop, pillow was red",
    ],
    "stroke": [
        "He smiled and only half of it moved",
        "dropped my cup twice, hand wont grip, tongue feels thick",
        "suddenly half of what I see is missing",
        "grandad sounds like he's had six pints and he's teetotal",
    ],
    "injury": [
        "tripped over the kerb and landed on my face, big lump on forehead",
        "she fell and can't stand on that leg",
        "They x-rayed it, it's broken in two places",
    ],
    "figures": [
        "bp 82/50",
        "blood pressure is two hundred and five over one hundred and ten",
        "heart going like the clappers, 150",
        "wife's machine says 79/44",
        "took my temperature it's one oh three point one",
        "sugar 29",
    ],
    "hospital": ["They kept me in overnight", "currently on a drip at St Mary's", "wife was blue lighted in at 4am"],
    "kidney": [
        "bladder empty nothing since last night",
        "catheter bag is empty since morning",
        "he's drinking like a fish and nothing's coming out the other end of the waterworks",
    ],
    "fits": [
        "he was jerking all over and foaming",
        "she went stiff as a poker and then shook all over, lips blue",
        "his arm started going by itself, then his face, then all of him",
    ],
    "pain": [
        "my belly is hard as wood and even the sheet touching it hurts",
        "head feels like it's exploding, came on like a thunderclap",
        "the pain in my side has me on all fours",
    ],
    "clots": ["left leg twice the size of the right", "They say I have DVT", "One of my calves won't fit and it's hot"],
    "nothing stays down": ["even a sip comes back up", "everything I swallow comes straight back"],
    "allergy": ["throat closing up", "face like a balloon 10 minutes after the drip"],
    "death": ["My wife took her last breath at 4am", "we lost dad last night", "my husband no more"],
    "poison": ["took 10 times my dose by mistake", "I drank from the wrong bottle, it was toilet cleaner"],
}
LOOK_ALIKES = {
    "denied": [
        "no blood, no black stool, no fever, all good",
        "He isn't confused and he isn't sleepy",
        "I have not fainted or fallen this week",
        "Chest pain: none. Fever: nil.",
        "fever no, confused no, bleeding no",
    ],
    "long past": [
        "I had a seizure when I was 12, never since",
        "Puked blood at a party once. That was 2015",
        "he broke his hip in 2009",
    ],
    "imagined": [
        "if I vomit blood who do I call",
        "What happens if he gets confused at night?",
        "Were I to faint, would you want to know?",
    ],
    "asked in general": [
        "does cirrhosis cause black stool?",
        "what's the difference between a stroke and a TIA",
        "I read that people with bad livers get confused, is it true",
    ],
    "somebody else": [
        "my neighbour had a heart attack yesterday",
        "The dog threw up blood on the carpet, vet says he will live",
        "a buddy of mine passed out at the gym",
    ],
    "figures of speech": [
        "this parking is killing me",
        "nearly had a heart attack when I saw the bill",
        "my phone died, sorry for the late answer",
    ],
    "arranged": ["going in on Monday for my second infusion, do I fast", "colonoscopy booked for next Tuesday"],
    "over and explained": [
        "ignore that 39.4, thermometer was under the hot water bottle",
        "the red was beetroot, panic over",
    ],
    "kept where it belongs": ["I put the milk in the fridge", "he put his socks in the washing machine"],
    "only mild": ["Gums bled a little when I brushed", "a bit out of breath on the stairs, fine at the top"],
}
STILL_THERE = [
    # A denial, an if, a year or a bystander must not swallow what is said beside it.
    "no fever but my stool is black as tar",
    "I don't drink and my poo is black",
    "The kids found me on the bathroom floor, I passed out",
    "Neighbour found him wandering in the street in his pyjamas at 3am",
    "my father in law is vomiting blood",
    "dad, 67 years old, passed out in the shower",
    "I didn't want to bother you but I've been vomiting blood since last night",
    "tripped on the dog and hit my head on the fireplace",
    "when I was on the toilet I fainted",
    "chest pain that's not going away",
    "One leg is fat and the other one isn't",
    "my lips have blown up like a bloody puffer fish",
    "the ward lady says his kidneys have packed up",
    "He says it's 1987 and he doesn't know me",
    "my grandson is typing for me, I can't breathe lying down",
]
FLOORS = {"sensitivity": 0.95, "specificity": 0.97, "look_alikes": 0.95}


SAID_SIDEWAYS = {
    "a farewell": [
        "gave my fishing rods and the boat to my brother, I won't need them where I'm going",
        "closed the account, cancelled the phone, no need for any of it after Friday",
        "they would all breathe easier if I wasn't here",
        "I've been keeping the tablets back in a jar and last night I sat looking at them for an hour",
        "been up on the roof twice this week, fourteen storeys, and again tonight",
    ],
    "kidneys": [
        "Nothing to tip out of the commode since Monday night",
        "two litres in, a few drips out, all day",
        "the scan of my bladder says it is empty and nothing is being made",
    ],
    "breath": [
        "there's a crackling from my chest like cellophane, in and out, and I'm sat still",
        "I lean on the sink and blow after one sock",
    ],
    "a faint": [
        "he went like a tree in the queue and wasn't there for half a minute",
        "mid prayer she slid off the pew, came round in a minute",
    ],
    "a stroke": ["half my mouth won't go up since breakfast", "someone drew a curtain over my left eye, just now"],
    "poison": ["drank half a cup of descaler by mistake", "took my wife's heart pills instead of mine by mistake"],
}

BORROWED_STEMS = [
    "I met my sister for lunch",
    "trapped wind after cabbage",
    "severe itching at night",
    "my wife was sobbing at the film",
    "the drug company rang about expenses",
    "a small panic attack in the shop, fine now",
    "my eye is sticky with yellow discharge",
]


def _pairs(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in table.items() for text in texts]


@pytest.mark.parametrize(("what", "text"), _pairs(RED_FLAGS))
def test_a_red_flag_is_serious_in_any_words(what: str, text: str) -> None:
    found = assess(text)

    assert found.label == "serious", f"{what}: {found.reason}"
    assert found.level in ("R1", "R2")


@pytest.mark.parametrize(("what", "text"), _pairs(SAID_SIDEWAYS))
def test_a_red_flag_is_serious_when_it_is_said_sideways(what: str, text: str) -> None:
    assert assess(text).label == "serious", what


@pytest.mark.parametrize("text", BORROWED_STEMS)
def test_a_word_that_shares_its_beginning_with_a_danger_is_none(text: str) -> None:
    assert assess(text).label != "serious"


@pytest.mark.parametrize(
    "text",
    [
        "I know you said to ring if my temp goes above 39, it's 39.5",
        "it was only to be a check up but they have kept me in with an infection",
        "I've never fainted before but today I did",
        "It's not a nosebleed, I'm vomiting blood",
        "the X-ray lady says my wrist is in two pieces",
        "My neighbour found me on the kitchen floor, I'd gone out like a light",
    ],
)
def test_an_if_a_plan_a_denial_or_a_teller_hides_no_fact_behind_it(text: str) -> None:
    assert assess(text).label == "serious"


@pytest.mark.parametrize(("why", "text"), _pairs(LOOK_ALIKES))
def test_what_only_looks_like_a_red_flag_raises_no_alarm(why: str, text: str) -> None:
    found = assess(text)

    assert found.label != "serious", f"{why}: {found.reason}"


@pytest.mark.parametrize("text", STILL_THERE)
def test_a_word_that_silences_reaches_no_further_than_its_clause(text: str) -> None:
    found = assess(text)

    assert found.label == "serious", found.reason


@pytest.mark.parametrize(
    ("text", "item", "state"),
    [
        ("no black stool", "melena", "negated"),
        ("he is not confused", "confusion", "negated"),
        ("vomited blood last year", "hematemesis", "past"),
        ("if I vomit blood what do I do", "hematemesis", "hypothetical"),
        ("my neighbour is vomiting blood", "hematemesis", "other_person"),
        ("vomiting blood", "hematemesis", "present"),
        ("Fever: nil", "fever", "negated"),
        ("ignore that 39.4, thermometer was faulty", "fever", "negated"),
    ],
)
def test_each_state_is_told_apart(text: str, item: str, state: str) -> None:
    states = {finding.state for finding in assess(text).findings if finding.id == item}

    assert states == {state}


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("one oh three point one", "103.1"),
        ("two ten over one fifteen", "210 over 115"),
        ("thirty nine point five", "39.5"),
        ("one hundred and two", "102"),
        ("heart rate one forty", "heart rate 140"),
        ("one of ten times", "one of ten times"),
        ("to the point", "to the point"),
    ],
)
def test_spoken_numbers_become_digits_and_keep_their_place(spoken: str, written: str) -> None:
    found = digits(spoken)

    assert " ".join(found.split()) == written
    assert len(found) == len(spoken)


@pytest.mark.parametrize(("text", "level"), [("39,4 this morning", "R1"), ("temp 38,4", "R2"), ("glucose 2,6", "R1")])
def test_a_decimal_comma_is_a_decimal_point(text: str, level: str) -> None:
    found = assess(text)

    assert found.level == level
    assert found.reason
    assert "error" not in found.reason


def test_parts_in_any_order_may_stand_in_neighbouring_sentences() -> None:
    near = assess("Brief was dry at noon. Dry again at 6.")
    far = assess("Brief was changed. She had her lunch. Then the deacon came by. The weather was dry.")

    assert near.label == "serious", near.reason
    assert far.label != "serious", far.reason


@pytest.mark.parametrize("line", ["one & two + three", "<nowhere> & two"])
def test_a_pattern_that_mixes_signs_or_names_no_class_is_refused(line: str) -> None:
    empty = Lexicon(catalogue().normaliser, frozenset())

    with pytest.raises(PatternError):
        parse(line, 0, empty)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text: str) -> None:
    found = assess(text)

    assert found.label in LABELS
    assert not found.reason.startswith("error")


def test_the_tuning_part_of_the_corpus_stays_above_its_floors() -> None:
    files = sorted(Path(__file__).parent.glob("corpus/tuning/en-*.jsonl"))
    rows = [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines() if line]
    judged = [
        Judged(
            id=row["id"],
            language="en",
            gold=row["label"],
            said=assess(row["text"], sender=row.get("sender") or "participant").label,
            reason=row.get("serious_reason") or "",
            look_alike=figures.look_alike_of(row.get("note") or ""),
        )
        for row in rows
    ]

    found = figures.of(judged)

    assert len(rows) >= 800
    for name, floor in FLOORS.items():
        assert (getattr(found, name).value or 0.0) >= floor, f"{name}: {getattr(found, name)}"

"""English as people ask strangers about themselves: a diagnosis or an injury in half a line, often with a question mark.

The wordings are the author's own. Each group is one idea, with what looks like it beside it.
"""

import pytest

from apps.triage.rules import Context, engine

SERIOUS = {
    "named by its diagnosis": [
        "pancreatitis",
        "gallbladder ruptured",
        "went into afib after the second dose",
        "dangerously high blood pressure",
        "chills and fever, no appetite",
        "collapsed lung?",
        "mass found on my pancreas?",
        "stomach bleed",
        "bleeding while 8 weeks pregnant?",
    ],
    "an injury asked about": [
        "lost my sight for an hour?",
        "my foot is purple and cold?",
        "My finger got cut off?",
        "I was bitten by a snake?",
        "shocked by a live wire and my arm is numb?",
        "Jumped off a roof and my heel is shattered?",
        "My kneecap popped out?",
        "heard a pop in my ankle and can't walk?",
        "hole in my side that leaks pus?",
        "wound smells rotten and is turning black?",
        "gunshot wound to the foot?",
    ],
    "vomiting without end": ["violently ill, vomiting constantly"],
    "an injury told in its own words": [
        "chainsaw slipped into my thigh",
        "axe went into my foot, I can see something white in there",
        "sliced my palm to the tendon opening an oyster",
        "collarbone is poking up under the skin after the fall",
    ],
    "a number or a dose": [
        "potassium came back 7.0",
        "potassium 2.3 the clinic says",
        "Upper number 192 in the evening, add a tablet?",
        "Took my methotrexate every day instead of weekly for two weeks",
    ],
    "what hands and eyes and ears do": [
        "hear a choir in the radiator all night",
        "there are men in the wardrobe who aren't there, my wife says",
        "my eye went milky and very painful",
        "mum can't feed or wash herself since the infusion",
        "no flow at all since last night and belly bursting",
        "They put her on dialysis yesterday",
        "cut my wrist again last night, can you call me",
        "downed everything that was left in the bottle last night, my flatmate called an ambulance",
    ],
}

QUIET = {
    "asked in general": [
        "How do nurses tell hepatic encephalopathy from tiredness?",
        "how do they know it's a heart attack and not heartburn",
        "What do doctors look for with internal bleeding?",
        "sepsis vs flu how do you tell",
        "heart attack or panic attack what do paramedics check first",
        "how long after a fall can a brain bleed appear?",
        "How soon after a head injury would confusion start?",
        "Can gas feel like a heart attack?",
        "Could anxiety be mistaken for a stroke?",
        "do blueberries make poo black",
        "does the FAST test still work if only a leg is weak",
        "Is 200/110 always dangerous or does it depend on age?",
        "At what creatinine do they start dialysis?",
        "at what bilirubin do they admit people",
        "How much blood loss is dangerous?",
        "Is vomiting blood always an ulcer?",
        "Do all heart attacks have chest pain?",
        "Who treats a brain bleed, a neurologist or a surgeon?",
        "Any difference between fainting and a seizure?",
        "Anybody know if fainting is common with this drip?",
        "Would a nurse notice encephalopathy before the patient does?",
        "What's the first aid for someone who passes out?",
        "Which comes first in liver failure, confusion or jaundice?",
        "How does hepatic coma start?",
        "How fast does sepsis kill?",
        "Can you have a heart attack and not notice?",
        "Where does the blood come from when people vomit it?",
        "is there any link between statins and suicide?",
        "what's the medical word for vomiting blood",
        "does a broken rib heal by itself?",
        "how long does a concussion last?",
        "What happens during a heart attack?",
    ],
    "small things of the mouth and neck": [
        "swollen gland in neck?",
        "bit my tongue eating toast, it has a little blister",
    ],
    "chills or fever alone": ["chills", "low grade fever"],
    "an injection": [
        "got the pneumonia vaccine, arm aches",
        "a shot in the arm and off home",
    ],
}

NOT_SILENCED = [
    "how long does the rash last? I also passed out this morning",
    "swollen glands in my neck and I can't breathe",
    "bit my tongue, shook all over and woke on the floor",
]


def _label(text: str) -> str:
    """What the rules alone say, without the net."""
    return engine().without_net().assess(text, sender="participant", context=Context()).label


def _pairs(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(why, text) for why, texts in table.items() for text in texts]


@pytest.mark.parametrize(("why", "text"), _pairs(SERIOUS))
def test_what_is_asked_about_is_serious(why: str, text: str) -> None:
    assert _label(text) == "serious", why


@pytest.mark.parametrize(("why", "text"), _pairs(QUIET))
def test_what_looks_like_it_raises_no_alarm(why: str, text: str) -> None:
    assert _label(text) in ("none", "nonserious"), why


@pytest.mark.parametrize("text", NOT_SILENCED)
def test_a_small_thing_does_not_hide_what_stands_beside_it(text: str) -> None:
    assert _label(text) == "serious"

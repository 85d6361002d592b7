"""English as people write of what a medicine does to them: lists of side effects, stories of coming off it.

The wordings are the author's own. Each group is one idea, with what looks like it beside it.
"""

import pytest

from apps.triage.rules import Context, engine

SERIOUS = {
    "sleepiness of a degree that hinders being awake": [
        "Constant drowsiness, could hardly function at work.",
        "sleepy all day long, dry mouth",
        "I was so tired I was falling asleep at the wheel.",
        "nodding off at red lights",
        "I did nothing but sleep for the first week.",
        "need to sleep 15 hours a day",
        "even espresso won't keep me awake any more",
        "The sleepiness became unbearable once the dose went up.",
        "I sleep half the day.",
        "Drowsy to the point where I couldn't work.",
        "slept nonstop and put on weight",
        "the drowsiness is so strong that I pulled over to nap",
        "asleep on my feet at work",
    ],
    "a clouded mind with a memory that goes": [
        "short term memory loss, brain fog, no libido",
        "always in a haze, forgetting conversations I just had",
        "foggy and sleepy all the time",
        "severe memory problems",
        "My short-term memory is completely gone.",
        "Don't remember driving home.",
        "did things I have no memory of",
        "I forget what I'm saying mid sentence",
        "spacey, I forget everything",
        "couldn't remember anything",
        "couldn't follow a conversation, stared at people like a zombie",
        "got lost driving home on a road I know",
        "Disorientation, nausea.",
        "My short term memory is horrible, I repeat myself constantly",
        "staggering about, slurring like a drunk",
    ],
    "out of touch with what is real": [
        "psychosis, had to stop taking it",
        "I had a full blown psychotic episode.",
        "Lost touch with reality.",
        "I could not tell what was real and what was not.",
        "paranoid delusions",
        "I believed the TV was sending me messages.",
        "thought I was the messiah",
        "I saw a man standing by my bed",
        "I ran naked through the street",
        "Insomnia and seeing things at night, so I quit it.",
        "The nightmares and seeing things scared me off it.",
        "shadows at the edge of my vision that are not there",
        "I heard someone calling my name when I was alone in the house.",
    ],
    "thoughts of dying and of harming": [
        "violent thoughts, agitation",
        "I had thoughts of hurting my children.",
        "I feel like killing someone",
        "give me something before I hurt myself or my family",
        "scary thoughts like I never knew",
        "I'm afraid that I will harm somebody",
        "obsessed with death",
        "more suicidal than before I started",
        "death would be a relief",
        "I'd rather die than feel like this another day.",
        "praying to get through this week without hurting myself",
        "planned my own death on this pill",
        "I keep picturing myself hanging",
        "tried to OD",
        "I want out of this life",
        "stood on the ledge twice",
        "swallowed a fistful of capsules",
        "almost jumped off the balcony",
        "my wife found me with the gun",
    ],
    "what it brought one to": [
        "landed me in the hospital",
        "wound up in the psych ward for a week",
        "I checked myself into a mental hospital",
        "This drug almost killed me",
        "I nearly died from an allergic reaction",
        "wrecked my car",
        "drove my truck into a ditch on it",
        "serotonin syndrome",
        "hospital for nine days because of it",
        "Stevens-Johnson, skin peeling off",
    ],
    "a stop of the medicine is no end of what it brought": [
        "I had a grand mal seizure when I quit.",
        "chest pains when I quit",
        "high fever after quitting",
        "shortness of breath once I stopped",
    ],
    "almost blind on standing": ["each time I stand up I go nearly blind and hold on to the wall"],
}

READ = {
    "too high, too suspicious, unreal": [
        "It sent me into a manic episode.",
        "paranoia, dry mouth",
        "felt depersonalization for weeks",
    ],
    "blows": ["I hit my husband, I never do that", "became very violent on it"],
    "an organ that it harmed": ["it caused liver damage"],
}

QUIET = {
    "a little sleepy": [
        "Drowsiness, weight gain.",
        "a little sleepy after lunch",
        "mild drowsiness the first few days",
        "I nap every afternoon now",
        "I sleep like a baby now.",
        "It does not make me sleepy.",
    ],
    "a little foggy or forgetful": [
        "slight brain fog",
        "a bit forgetful, vivid dreams",
        "Trouble concentrating, yawning.",
        "I forget to take my pills sometimes.",
        "I don't remember what dose I started on.",
        "can't remember the name of the other pill",
        "I got lost in thought",
        "No brain fog like with the other one.",
        "Before this I had brain fog and memory loss for years.",
    ],
    "dreams and figures of speech": [
        "dreamt that I was being chased by ghosts",
        "emotional zombie, flat",
        "this form drove me crazy",
        "I would kill for a decent night out",
        "lost the will to live in your waiting room",
        "thought I was God's gift in that suit",
        "that would hurt my feelings",
    ],
    "what it took away": [
        "It stopped the suicidal thoughts within days.",
        "it quieted the voices in my head",
        "this medicine controls my seizures",
        "I do not think about dying any more",
    ],
    "what ended with the medicine": ["Headaches, ended after I stopped it", "no chest pain since I stopped smoking"],
    "what it kept one from": ["It kept me from killing myself."],
    "another medicine": ["Other antidepressants made me suicidal."],
    "what else dies of it": ["killed my libido", "sex drive is dead"],
    "the time before it": [
        "I was psychotic before I found this medicine.",
        "was hospitalised for depression years ago, before this",
    ],
}

NOT_SILENCED = [
    "I passed out just before I took the pills",
    "the other tablets made me vomit blood",
    "people say I was talking nonsense all morning",
    "It stopped my headaches but gave me constant overwhelming sleepiness",
    "controls my pain, but I had a seizure yesterday",
    "Before this medicine I was fine, now I am hallucinating",
]


def _label(text: str) -> str:
    """What the rules alone say, without the net."""
    return engine().without_net().assess(text, sender="participant", context=Context()).label


def _pairs(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(why, text) for why, texts in table.items() for text in texts]


@pytest.mark.parametrize(("why", "text"), _pairs(SERIOUS))
def test_what_a_reviewer_tells_is_serious(why: str, text: str) -> None:
    assert _label(text) == "serious", why


@pytest.mark.parametrize(("why", "text"), _pairs(READ))
def test_what_only_hints_is_read_by_a_person(why: str, text: str) -> None:
    assert _label(text) == "unclear", why


@pytest.mark.parametrize(("why", "text"), _pairs(QUIET))
def test_what_looks_like_it_raises_no_alarm(why: str, text: str) -> None:
    assert _label(text) in ("none", "nonserious"), why


@pytest.mark.parametrize("text", NOT_SILENCED)
def test_what_a_medicine_took_away_does_not_hide_what_it_brought(text: str) -> None:
    assert _label(text) == "serious"

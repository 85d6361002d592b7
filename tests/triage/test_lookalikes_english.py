"""English texts that only sound like danger, each beside one that is: somebody else's, denied, only said or only asked.

The wordings are the author's own, not the corpus's. A construction stands here once with what it must not hide.
"""

import pytest

from apps.triage.rules import Context, engine

NOT_SERIOUS = [
    # Somebody else stays the subject: through "I", "his girlfriend", the place where he is known from, "for him".
    "My student fainted in assembly and I rode with her to A&E, which is why I didn't pick up",
    "the postie slipped on our drive and broke his wrist, I rang 999 for him",
    "my tenant called me because his girlfriend could not be woken",
    "Dave from darts had chest pains and blue lights and all. Good here",
    "The doctor's wife in that soap, she is hearing voices now",
    "one of my residents was hallucinating this morning, so I have not done Dad's form, he is well",
    "an old army pal rang me, crying, he cant see the point of going on",
    "the woman two beds along is raving, thinks the nurses are poisoning her",
    # A denial reaches over a row, over a fixed "not see", and back from "no" or "-ve".
    "No bleeding, vomiting, confusion or fever to report. Slight ankle puffiness",
    "Mum's not seeing things or talking nonsense, her mouth is dry",
    "fever? no. vomiting? no. confused? no. a sore toe",
    "GI bleed -ve, pain 2/10 left shoulder",
    "I wouldn't say I'm confused, more bored",
    "hasn't been to A&E since we started, he's got a cold sore",
    "never felt like hurting myself, not then not now",
    # Only said, only asked.
    "I was fighting for breath laughing at your voicemail",
    "ok so black poo is the emergency one and green is fine",
    "Do you have to be unconscious for the scope or can you stay awake",
    "Would a seizure show up on the wristband thing?",
    "exam season is going to put me in a coma",
]

SERIOUS = [
    "the neighbour found him on the floor, he'd hit his head",
    "my friend says I make no sense today",
    "mate at work said I went yellow and was talking rubbish",
    "Dave from work took one look at me and dialled 999, my chest was crushing",
    "The neighbours are noisy. I rang you yesterday. He is confused again tonight, doesn't know me",
    "I sat with Father Michael in the church and my wife fainted in front of us",
    "My student rang me crying about her exam and while I was on the phone Dad passed out in the hall",
    "my boss sent me home, I passed out at my desk",
    "no urine since yesterday, no fever",
    "no blood in the stool today but it was black as tar last night",
    "Not seeing straight and the left side of my face has dropped",
    "Not confused just can't be woken up",
    "not a joke, not just tired, I cannot catch my breath lying down",
    "fever? yes 39.6. shaking? yes",
    "nothing stays down, two days now",
    "the doctor says mum is in a coma",
    "dad lives upstairs, he can't breathe",
    "I was at work, fell and hit my head, knocked out",
    "no fever, vomiting blood since 4am",
    "he collapsed beside me, can't wake him",
    "I was unconscious for a bit on Tuesday",
    "he hasn't peed. not once. since yesterday morning",
]


@pytest.mark.parametrize("text", NOT_SERIOUS)
def test_what_only_sounds_like_danger_raises_no_alarm(text: str) -> None:
    assert engine().without_net().assess(text, sender="participant", context=Context()).label != "serious"


@pytest.mark.parametrize("text", SERIOUS)
def test_the_same_construction_hides_no_danger(text: str) -> None:
    assert engine().without_net().assess(text, sender="caregiver", context=Context()).label == "serious"

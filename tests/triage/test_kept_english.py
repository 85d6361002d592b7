"""English words in which a "no", a "gone", a "years" or somebody else is not meant hide nothing; what families see is read.

The wordings are the author's own, not the corpus's. Beside each construction stands what it must leave alone.
"""

import pytest

from apps.triage.rules import Context, engine

SERIOUS = [
    # Two words that the stemmer folds into one: quite and quit, kids and kidding, hours and HR, lift and lifted, final and finale.
    "I want to hurt my kids, I can't stop thinking about it",
    "hasn't peed in hours",
    "he has not had a drop of wee in hours",
    "this is my final straw, I'm going to end it",
    "dad collapsed in the lift",
    "blacked out in the lift at the flats",
    "fell over while fishing and hit my head, blacked out",
    # What is to stop has not stopped; what has gone grey has not gone.
    "vomiting blood, please make it stop",
    "black tarry stool 2 days. Stop ibuprofen?",
    "Belly huge and tight in ten days, legs weeping, stop the salt?",
    "my speech has gone funny since noon and my arm is weak",
    # What was never so before is so now; how long it has not been so dates nothing.
    "I had never been suicidal until this drug",
    "I never saw things that weren't there until these tablets",
    "the worst headache in 40 years",
    "in 30 years I have never had chest pain like this",
    "couldn't work the phone I've had for years, words wouldn't come",
    "coughed until I passed out",
    # Nobody else is meant.
    "since the evening news he has been talking nonsense",
    "threw up blood all over the dog",
    "he's written letters to all of us and given his dog away",
    "He thinks the telly is talking about him and has boarded the windows",
    "she thinks the carer is stealing her thoughts",
    # What families and writers see.
    "she found dad wandering on the dual carriageway in his socks",
    "I keep hearing a man telling me to do it",
    "he says he'll burn the house down with us in it",
    "he came at me with a bread knife over the remote",
    "I don't feel safe around myself",
    "opened my shin on the axe, can see something white",
    "Kettle over my foot, skin has come away like a sock",
    "Three fits in a row this morning, he hasn't woken between",
    "insect sting, my tongue is swelling",
    "can't control the bleeding from my leg",
    "BP top 205, bottom 118",
    # An age beside a reading leaves the reading.
    "sats 88, F 71",
    "pulse 140 at rest, M 58",
    "blood pressure i'm 80/50 on the machine",
]

NOT_SERIOUS = [
    "What's the difference between a seizure and a faint?",
    "TIA or stroke, are they the same?",
    "If someone vomits blood, what do you do? It was in a quiz",
    "When is a headache an emergency?",
    "Does a biopsy hurt?",
    "Can stress raise your blood pressure, 49F?",
    "sats were fine, 71F",
    "Can a 70 year old grow a new liver?",
    "I had my spleen out at 9 after a bike crash",
    "My mum had colon cancer at 66, I was a student then",
    "this pill saved my life, I was suicidal before it",
    "my sister took the same one and ended up in hospital, I was fine",
    "Auntie in our building vomited blood last night",
    "seizure free for 4 years",
    "takes a while to kick in so be patient",
    "The scan showed a 5 mm nodule, look again in a year",
    "greasy poo on orlistat, leaves an oil slick",
    "tooth got knocked at football, wobbly",
    "gutted about the match. tummy cramps after milk",
    "I scratch so much at night I wear socks on my hands",
    "scratches on my arm I don't remember getting",
    "the vein where the drip went is like a cord, tender",
    "Room spins when I roll over, ten seconds",
    "Laughed so much I wet myself",
    "head's banging after the concert, worth it",
    "Had a stroke of luck with the parking",
    "We're having a blackout, the freezer is off and the lift is stuck",
    "I burnt my hand on the oven, small blister",
    "never had a fit or a blackout",
    "nosebleed for 5 minutes, stopped with a pinch",
    "The pain is gone",
]


@pytest.mark.parametrize("text", SERIOUS)
def test_nothing_serious_is_silenced(text: str) -> None:
    assert engine().without_net().assess(text, sender="participant", context=Context()).label == "serious"


@pytest.mark.parametrize("text", NOT_SERIOUS)
def test_what_only_sounds_like_it_raises_no_alarm(text: str) -> None:
    assert engine().without_net().assess(text, sender="participant", context=Context()).label != "serious"

"""English texts in which the words of a quieting rule stand though the participant is in danger, and what the rule is for.

The wordings are the author's own, not the corpus's.
"""

import pytest

from apps.triage.rules import Context, engine

SERIOUS = [
    # What is told after a question, after what a book says, or in answer to it.
    ("participant", "How will I know if it's serious, I've been passing blood all day"),
    ("caregiver", "how soon should he come, he is vomiting blood"),
    ("caregiver", "form speaks of drowsiness, he wont wake up at all"),
    ("participant", "online it said black poo is serious. mine is black"),
    ("participant", "can this drug make you vomit blood? because i have"),
    ("caregiver", "page two of your booklet says confusion, thats exactly him today"),
    ("caregiver", "why is it that he cant be woken"),
    ("participant", "chest pain = er? its been an hour"),
    ("participant", "passed out twice just in case you need to know"),
    # Fear of one's own hand is no mere fear.
    ("participant", "scared i might kill myself tonight"),
    ("participant", "afraid i have passed blood again"),
    # An old date belongs to what is old.
    ("participant", "when i was single i never felt this way, i want to kill myself"),
    ("participant", "mum gone six years and i am ready to end it"),
    ("caregiver", "just before we met you at clinic he had a seizure"),
    ("participant", "my mam passed away in 2011 and i want to go to her"),
    # The one who says so is not the participant, and goes on about him who is.
    ("caregiver", "she is the patient, not me. she has black stools"),
    ("caregiver", "not me, im writing for my husband, he is throwing up blood"),
    ("caregiver", "shes not caught it from me, but she is delirious"),
    # Somebody stands by, or lends his machine.
    ("participant", "neighbour lent me her oximeter, it says 83"),
    ("participant", "Cancel my infusion. My wife wont be told but I want to die"),
    ("caregiver", "mrs kaur who lives upstairs saw him have a fit"),
    ("caregiver", "Miss Brown from church found her wandering at night, no idea where she lived"),
    ("participant", "cancel my slot. my husband has called an ambulance for me, cant breathe"),
    ("participant", "borrowed a thermometer from the neighbour, 40.1"),
    # A thing, a price, a queue beside what is meant in earnest.
    ("caregiver", "phone nearly dead, dad is in ICU"),
    ("caregiver", "tablet charger needed, hes in ICU"),
    ("participant", "my ipad is dead and i am in intensive care"),
    ("caregiver", "dad had nearly a stroke from the clot, he is in stroke unit"),
    ("participant", "heart attack, how do i pay the bill"),
    ("caregiver", "chest pain all night, hes worried about rent"),
    ("participant", "bleeding a lot, app is useless"),
    ("participant", "been in a queue for help all my life, im going to hang myself"),
    ("caregiver", "muddled about whether im his wife or his mother"),
    ("caregiver", "he ate all the blisters of tablets, 40 of them"),
    ("participant", "passed a motion that was all blood"),
    # What softens, with more beside it.
    ("participant", "nosebleed wouldnt finish, 10 minutes pinching, blood all over the bath and down my neck"),
    ("participant", "brought up blood again while cleaning my teeth, bright red, about a mugful"),
    ("caregiver", "Normally sharp as a tack, today she put her shoes in the oven and calls me by her sisters name"),
    ("caregiver", "his abdomen has filled up fast, he eats the same as always"),
    ("participant", "went blind in one eye at karaoke for about 20 mins"),
    ("participant", "out of breath just chatting to you"),
    ("participant", "chest pain came on ten minutes ago, mild tightness before that"),
    # A "never" or "no" that denies nothing of the danger.
    ("participant", "never been confused but today i am lost in my own house"),
    ("participant", "no intention of waking up tomorrow"),
]

QUIET = [
    ("participant", "how will I know if my stool is black enough to worry"),
    ("participant", "the leaflet speaks of drowsiness and black stools"),
    ("participant", "can beta blockers make people faint"),
    ("participant", "scared i will get cancer"),
    ("participant", "when i was single i fainted at every dance"),
    ("participant", "My nephew threw up blood at a party. not me, im fine"),
    ("participant", "my phone is in intensive care"),
    ("participant", "no plans to live abroad, can i still join"),
    ("caregiver", "Dad isnt waking up early any more, loves his lie in"),
    ("participant", "worried i might take the wrong tablet"),
    ("participant", "had to do CPR on the laptop"),
    ("participant", "nearly had a heart attack when i saw the bill"),
    ("participant", "your hold music makes me want to throw myself off"),
    ("participant", "bleeding useless app"),
    ("participant", "confused about which entrance to use"),
    ("participant", "new blister pack arrived"),
    ("participant", "nosebleed, 5 minutes, stopped when I pinched it"),
    ("participant", "slight tightness in my chest, nothing else"),
]


@pytest.mark.parametrize(("sender", "text"), SERIOUS)
def test_a_quieting_rule_hides_no_danger_beside_it(sender: str, text: str) -> None:
    found = engine().without_net().assess(text, sender=sender, context=Context())
    assert found.label == "serious", found.reason


@pytest.mark.parametrize(("sender", "text"), QUIET)
def test_it_still_quiets_what_it_is_for(sender: str, text: str) -> None:
    found = engine().without_net().assess(text, sender=sender, context=Context())
    assert found.label != "serious", found.reason


@pytest.mark.parametrize(
    "text",
    ["I'm bleeding", "he is bleeding", "bleeding", "I nearly bled to death on tuesday", "started bleeding again"],
)
def test_a_bleeding_without_a_place_goes_to_a_person(text: str) -> None:
    assert engine().without_net().assess(text, sender="participant", context=Context()).label == "unclear"


@pytest.mark.parametrize(
    "text", ["no bleeding today", "is bleeding a side effect?", "my dog is bleeding", "bleeding gums when I brush"]
)
def test_a_bleeding_that_is_denied_asked_about_or_placed_is_no_riddle(text: str) -> None:
    assert engine().without_net().assess(text, sender="participant", context=Context()).label in ("none", "nonserious")

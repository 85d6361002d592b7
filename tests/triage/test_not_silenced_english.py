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
    # "Before" today's tablets is today, before the drug is long ago.
    ("participant", "fainted before taking my tablets this morning"),
    ("caregiver", "he threw up blood before he took his evening dose"),
    ("participant", "black tar in the loo b4 i had my breakfast"),
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
    # A question about an illness, and the asker has it himself.
    ("caregiver", "how do doctors tell encephalopathy from tiredness, my husband doesn't know where he is"),
    ("participant", "How long after a head injury can a bleed show up, I hit mine yesterday and now I'm vomiting"),
    ("participant", "Can wind cause crushing chest pain down my left arm since this morning?"),
    ("participant", "Do iron tablets make your poo black like tar and stinking, mine is since Monday"),
    ("participant", "does iron make poo black? I don't take any and mine is black and sticky"),
    ("participant", "Which is worse, vomiting blood or black stool, I've both"),
    ("participant", "Is 39.8 always an emergency? that's what dad has"),
    ("participant", "is 200/115 always dangerous? that's mine just now"),
    ("participant", "does it happen to others that they see spiders, I do since Monday"),
    ("participant", "hearing of seizures, mine was last night"),
    ("participant", "anyone know if vomiting a cup of blood is common, I did"),
    ("participant", "anyone know if passing out three times is normal with this"),
    ("participant", "How do I stop vomiting blood"),
    ("participant", "why do I keep vomiting blood"),
    ("caregiver", "Why does liver failure make him talk nonsense since this morning?"),
    ("participant", "how can I stop the bleeding from my nose, an hour now"),
    ("participant", "is my swollen tongue always dangerous"),
    ("participant", "how do doctors not see that I'm suicidal"),
    ("participant", "where do they take people with chest pain, mine won't stop"),
    ("participant", "How long after the infusion does vomiting blood start? mine started at six"),
    ("participant", "is fainting a side effect of furosemide, I went down twice today"),
    ("participant", "is there any link between this and suicide, I can't stop planning mine"),
    ("participant", "can the drip make your face swell shut? mine has"),
    ("participant", "do most people pass out on day one, I did"),
    ("caregiver", "At what point do I bring him in, he's talking to people who aren't there"),
    ("participant", "How long can a person go on like this, three days vomiting, water comes straight back?"),
    ("participant", "where does blood come from when you vomit it, I just brought up a cupful"),
    ("participant", "medical word for can't pee? two days now"),
    ("participant", "treatment for an overdose please, I took all my beta blockers"),
    # What a leaflet or a reviewer says, and it has come.
    ("participant", "Leaflet says black stool is possible: I've had three since breakfast"),
    ("participant", "The insert lists seizures and I had one last night"),
    ("participant", "Was warned it might make me suicidal and it has"),
    ("participant", "After reading about overdoses I took all my tablets"),
    ("participant", "reading about suicide all night, I've written the note"),
    ("participant", "after all these reviews about suicide I realise that is what I am planning too"),
    ("participant", "enough to make anyone suicidal, me included, I've a plan"),
    ("participant", "the insert lists hallucinations, that explains the man in my room"),
    ("participant", "the leaflet warned of throat swelling, mine is closing"),
    ("participant", "Forum says they end in hospital, well I'm in hospital with a bleed"),
    ("participant", "other reviewers passed out and so did I, on the bus"),
    ("participant", "you gave us a card: black stool call. Well it is black"),
    ("participant", "my neurologist says the zone-outs with lip smacking are focal seizures"),
    # To be rung for "if", and it has come.
    ("participant", "They told me to call 911 if my face swells and now it has, lips too"),
    ("caregiver", "he was told to ring 999 if he can't breathe and he can't breathe"),
    ("participant", "They said call if stool goes black. It's black."),
    ("participant", "The nurse told me to ring if stool turns black. It did on Sunday."),
    ("participant", "if I vomit blood I call you, well I have"),
    ("participant", "Pharmacist says go to ER if I swell up, so I'm in the ER, tongue huge"),
    ("participant", "They told me to go to the ER when they saw my potassium"),
    ("caregiver", "If he collapsed again should I call? He did twice today"),
    ("participant", "They said come back if it bleeds, it bled all night"),
    ("participant", "I was told to call if I couldn't pee, nothing since last night"),
    ("caregiver", "She told me to call an ambulance if he stopped breathing, he has stopped breathing"),
    ("caregiver", "they told us call if he's yellow, he's bright yellow and sleepy"),
    ("participant", "said go to A&E if you can't keep water down, I can't"),
    ("participant", "imagine, I woke up yellow and confused"),
    ("participant", "what if the cells caused this clot in my leg, it's twice the size and hot"),
    ("participant", "scared I'll do it tonight"),
    # An old trouble dated, a new one not.
    ("participant", "tried to end it at 19, married since, tried again last night"),
    ("caregiver", "my son in form two found me passed out"),
    ("participant", "b4 the trial I was fine, now I vomit blood"),
    ("participant", "long time ago I took pills, now I took them again"),
    ("participant", "twelve winters ago I bled, this morning again a bowl full"),
    ("participant", "before I came on the trial I could breathe, now I can't lie flat"),
    ("participant", "kidneys bad since 2012, no urine at all for two days"),
    ("caregiver", "after measles last week he is confused and burning hot"),
    # An age, a sister, a wedding that dates or owns nothing.
    ("participant", "at age 30 I want to die, that's the truth"),
    ("participant", "Broke my hip, aged 66, waiting for the ambulance"),
    ("participant", "two cousins had to carry me, I couldn't walk or speak"),
    ("caregiver", "three of my uncles and I lifted him, he was unconscious on the floor"),
    ("participant", "lost my leg at 18, lost the feeling in the other one an hour ago"),
    ("participant", "Fainted at the wedding I went to, in the heat, came round on the floor"),
    # What is over or small, with what is not.
    ("participant", "hives gone by morning, lips swollen now"),
    ("participant", "since then only black stools"),
    ("participant", "one quick stab then crushing pain into the jaw"),
    ("participant", "walk on it fine but hit my head and blacked out"),
    ("participant", "winded on the stairs and now also when I sit"),
    ("participant", "put on 2 kg overnight and belly tight as a drum, breathless"),
    ("participant", "Teacher here, not peed since yesterday morning"),
]

QUIET = [
    ("participant", "i wanted to kill myself before taking this drug, not since"),
    ("participant", "fainting spells before starting tablets in the nineties"),
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
    ("participant", "They told me to dial 911 if my tongue swells"),
    ("participant", "Package insert says suicidal thoughts can occur, is that for everyone"),
    ("participant", "After all those reviews about seizures I am afraid to take the first one"),
    ("participant", "The paperwork is enough to make anyone suicidal but the pill is fine"),
    ("participant", "the groom at the wedding I attended fainted, is that common in heat?"),
    ("participant", "Three of my uncles died of strokes before 50, so I take a statin."),
    ("participant", "Broke my arm when I was 9, is the plate ok in an MRI?"),
    ("participant", "I was 20 when a truck hit me and broke my back, I'm 61 now."),
    ("participant", "twisted my ankle on the kerb but I can walk on it"),
    ("participant", "A quick stab under the ribs a week ago, lasted a second, gone since then"),
    ("participant", "a class about dialysis on friday to know what it is"),
    ("participant", "You said to call if my temp goes over 39. It's 36.8."),
    ("caregiver", "They told us to call if he gets muddled, he is very well"),
    ("participant", "my kidneys have been stable at 25% since 2014"),
    ("participant", "Spring of '97 I tried to end it. Long behind me."),
    ("participant", "used to faint b4 the trial"),
    ("participant", "broke my leg in Form Three, plate still in"),
    ("participant", "other reviewers passed out, I just get thirsty"),
    ("participant", "Warning on the box about suicide made my wife nervous"),
    ("participant", "nurse says ring if the chest pain comes back, well I haven't had that for two years"),
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

"""An adverse event on its card: what stands there, and each act with its refusals."""

from typing import Any

import pytest

from apps.audit.models import AuditEvent, Reading
from apps.conversations import services as conversations
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import ContactResult, Via
from apps.messaging.models import NumberShown
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
from apps.staff.models import User
from apps.staff.vocabulary import Role
from tests import people
from tests.workplace import scenes
from tests.workplace.scenes import JUDGED, Scene, change_url, fresh, page, press, signed_in


def running(event: AdverseEvent) -> Escalation:
    return Escalation.objects.get(events=event)


def test_the_card_shows_words_reason_awareness_and_who_was_paged(scene: Scene) -> None:
    body = page(people.alice(), change_url(scene.beijing))

    assert f'<mark title="vomiting blood: present">vomiting blood</mark> {scenes.BEIJING}' in body
    assert "vomiting blood → vomiting blood" in body
    assert "Received (awareness)" in body
    assert "+08:00" in body
    assert "Opened by protocol v1" in body
    assert 'Page</b> · Alice <span class="tc-quiet">· text message · investigator on call · ' in body
    assert fresh(scene.beijing).first_read_by == people.alice()


def test_taking_it_then_recording_the_contact_ends_the_escalation(scene: Scene) -> None:
    assert press(people.alice(), scene.beijing, "take").status_code == 303
    assert "Record the contact" in page(people.alice(), change_url(scene.beijing))

    assert press(people.alice(), scene.beijing, "contact", result="1").status_code == 303

    assert running(scene.beijing).state == "contacted"
    assert "Contact: reached" in page(people.alice(), change_url(scene.beijing))


def test_a_contact_without_its_result_is_refused_on_the_page(scene: Scene) -> None:
    press(people.alice(), scene.beijing, "take")

    answer = press(people.alice(), scene.beijing, "contact")

    assert answer.status_code == 422
    assert "This was refused" in answer.content.decode()
    assert running(scene.beijing).state == "acknowledged"


def test_only_the_person_who_has_it_hands_it_over(scene: Scene) -> None:
    press(people.alice(), scene.beijing, "take")

    answer = press(people.carol(), scene.beijing, "contact", result="4")

    assert answer.status_code == 422
    assert "Only the person who has it can hand it over." in answer.content.decode()


def test_an_investigator_confirms_with_term_grade_and_causality(scene: Scene) -> None:
    assert press(people.alice(), scene.beijing, "confirm", **JUDGED).status_code == 303

    event = fresh(scene.beijing)
    assert (event.state, event.term, event.severity_grade) == (EventState.CONFIRMED, "Haematemesis", 3)
    assert event.is_serious
    assert event.confirmed_by == people.alice()
    assert "Haematemesis" in page(people.alice(), change_url(event))


@pytest.mark.parametrize("missing", ["term", "severity_grade", "causality_investigator"])
def test_a_confirmation_without_one_of_the_three_is_refused_and_the_form_keeps_what_was_said(
    scene: Scene, missing: str
) -> None:
    said = {name: value for name, value in JUDGED.items() if name != missing} | {"onset_on": "2026-11-02"}

    answer = press(people.alice(), scene.beijing, "confirm", **said)

    assert answer.status_code == 422
    assert "To confirm, the event term, the severity grade and the causality are needed." in answer.content.decode()
    assert 'value="2026-11-02"' in answer.content.decode()
    assert fresh(scene.beijing).state == EventState.DRAFT


def test_an_end_before_the_onset_is_refused(scene: Scene) -> None:
    answer = press(people.alice(), scene.beijing, "confirm", **JUDGED, ended_on="2026-10-01")

    assert answer.status_code == 422
    assert "The end is before the onset." in answer.content.decode()


def history(person: User, event: AdverseEvent) -> str:
    return page(person, change_url(event).replace("/change/", "/history/"))


def test_the_history_tells_what_a_correction_changed_from_what_to_what_and_why(scene: Scene) -> None:
    press(people.alice(), scene.beijing, "confirm", **JUDGED)
    worse = JUDGED | {"severity_grade": "4", "term": "Bleeding <varices>", "ended_on": "2026-11-02"}
    press(people.alice(), scene.beijing, "correct", **worse, reason="the endoscopy report")

    told = history(people.carol(), scene.beijing)

    assert "the endoscopy report<br>" in told
    assert "Haematemesis → Bleeding &lt;varices&gt;<br>" in told
    assert "3 → 4" in told
    assert "– → 2026-11-02" in told
    assert "draft, not judged yet → confirmed" in told
    assert str(scene.beijing.pk) in {row.row_key for row in Reading.objects.filter(actor=f"user:{people.carol().pk}")}


def test_a_term_that_was_only_sealed_anew_was_not_changed(scene: Scene) -> None:
    press(people.alice(), scene.beijing, "confirm", **JUDGED)
    press(people.alice(), scene.beijing, "correct", **JUDGED | {"severity_grade": "4"}, reason="lab")

    assert "3 → 4" in history(people.carol(), scene.beijing)
    assert "Haematemesis → Haematemesis" not in history(people.carol(), scene.beijing)


def test_a_claim_of_an_arm_is_masked_in_the_history_too(scene: Scene) -> None:
    press(people.alice(), scene.beijing, "confirm", **JUDGED)
    press(people.alice(), scene.beijing, "correct", **JUDGED | {"term": "he is in the placebo group"}, reason="x")

    assert "Haematemesis → " in history(people.carol(), scene.beijing)
    assert "placebo" not in history(people.carol(), scene.beijing)


def test_whoever_may_not_read_texts_is_told_who_and_when_alone(scene: Scene) -> None:
    """The sponsor's monitor has the term masked, and no reasons."""
    press(people.alice(), scene.beijing, "confirm", **JUDGED)

    told = history(people._member("Mona", Role.MONITOR, at="BJ01"), scene.beijing)

    assert "Alice" in told
    assert "→" not in told
    assert "Haematemesis" not in told


def test_the_end_stands_on_the_card_like_the_onset(scene: Scene) -> None:
    press(people.alice(), scene.beijing, "confirm", **JUDGED | {"onset_on": "2026-10-30", "ended_on": "2026-11-02"})

    card = page(people.alice(), change_url(scene.beijing))

    assert "<dd>2026-10-30</dd>" in card
    assert "<dd>2026-11-02</dd>" in card


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"outcome": "5"}, "is a death"),
        ({"severity_grade": "5"}, "is a death"),
        ({"criteria": ["death"]}, "the outcome is fatal or not known"),
        ({"onset_on": "2199-01-01"}, "between birth and today"),
        ({"onset_on": "1901-01-01"}, "between birth and today"),
        ({"outcome": "1", "ended_on": "2199-01-01"}, "The end is a day between birth and today."),
        ({"onset_on": "", "ended_on": "1901-01-01"}, "The end is a day between birth and today."),
        ({"outcome": "3", "ended_on": "2026-11-02"}, "What has not recovered has no end"),
    ],
)
@pytest.mark.parametrize("act", ["confirm", "correct"])
def test_what_cannot_be_is_not_signed_and_nothing_is_lost(
    scene: Scene, act: str, said: dict[str, Any], sentence: str
) -> None:
    if act == "correct":
        press(people.alice(), scene.beijing, "confirm", **JUDGED)
    before = fresh(scene.beijing).version

    answer = press(people.alice(), scene.beijing, act, **JUDGED | {"term": "As typed", "reason": "lab"} | said)

    body = answer.content.decode()
    assert (answer.status_code, sentence in body, "As typed" in body) == (422, True, True)
    assert fresh(scene.beijing).version == before


def test_a_half_finished_draft_is_kept_but_no_impossible_day(scene: Scene) -> None:
    half = JUDGED | {"outcome": "5"}

    assert press(people.chen(), scene.beijing, "assess", **half).status_code == 303
    assert press(people.chen(), scene.beijing, "assess", **half | {"onset_on": "2199-01-01"}).status_code == 422
    assert press(people.chen(), scene.beijing, "assess", **half, ended_on="2026-10-01").status_code == 422


@pytest.mark.parametrize(("act", "more"), [("dismiss", {}), ("confirm", JUDGED)])
def test_a_page_from_before_a_draft_became_more_urgent_neither_dismisses_nor_confirms_it(
    scene: Scene, act: str, more: dict[str, Any]
) -> None:
    AdverseEvent.objects.filter(pk=scene.beijing.pk).update(level="R3")
    began = str(fresh(scene.beijing).version)
    assert f'name="{act}-started_from" value="{began}"' in page(people.alice(), change_url(scene.beijing))
    safety.raise_draft(event=fresh(scene.beijing), level="R1", escalation=None)

    answer = press(people.alice(), scene.beijing, act, reason="a film", started_from=began, **more)

    assert answer.status_code == 422
    assert "changed this event meanwhile" in answer.content.decode()
    assert (fresh(scene.beijing).state, fresh(scene.beijing).level) == (EventState.DRAFT, "R1")


def test_a_dismissal_is_undone_with_a_reason_by_an_investigator_only(scene: Scene) -> None:
    assert 'value="reopen"' not in page(people.alice(), change_url(scene.beijing))
    press(people.alice(), scene.beijing, "dismiss", reason="a film was meant")
    before = fresh(scene.beijing).version
    assert 'value="reopen"' in page(people.alice(), change_url(scene.beijing))

    assert press(people.chen(), scene.beijing, "reopen", reason="no film").status_code == 403
    assert press(people.alice(), scene.beijing, "reopen", reason="").status_code == 422
    assert press(people.alice(), scene.beijing, "reopen", reason="it was no film").status_code == 303

    assert (fresh(scene.beijing).state, fresh(scene.beijing).version) == (EventState.DRAFT, before + 1)
    assert "it was no film" in page(people.alice(), change_url(scene.beijing).replace("/change/", "/history/"))


def test_a_coordinator_who_takes_it_makes_no_investigator_aware_and_one_who_reaches_them_is(scene: Scene) -> None:
    press(people.chen(), scene.beijing, "take")
    assert fresh(scene.beijing).investigator_aware_at is None

    conversations.record_contact(
        running=running(scene.beijing), person=people.alice(), result=ContactResult.REACHED, via=Via.ADMIN
    )

    assert fresh(scene.beijing).investigator_aware_at is not None


def test_a_coordinator_keeps_a_draft_and_is_not_offered_the_confirmation(scene: Scene) -> None:
    body = page(people.chen(), change_url(scene.beijing))
    assert 'value="assess"' in body
    assert 'value="confirm"' not in body

    assert press(people.chen(), scene.beijing, "assess", **JUDGED).status_code == 303
    assert press(people.chen(), scene.beijing, "confirm", **JUDGED).status_code == 403

    assert (fresh(scene.beijing).state, fresh(scene.beijing).term) == (EventState.DRAFT, "Haematemesis")


def test_a_dismissal_needs_a_reason_that_the_trail_keeps(scene: Scene) -> None:
    assert press(people.alice(), scene.beijing, "dismiss", reason="").status_code == 422
    assert fresh(scene.beijing).state == EventState.DRAFT

    assert press(people.alice(), scene.beijing, "dismiss", reason="a film was meant").status_code == 303

    assert fresh(scene.beijing).state == EventState.DISMISSED
    assert "a film was meant" in page(people.alice(), change_url(scene.beijing).replace("/change/", "/history/"))


def test_a_change_after_the_confirmation_needs_a_reason_and_makes_a_new_version(scene: Scene) -> None:
    press(people.alice(), scene.beijing, "confirm", **JUDGED)
    before = fresh(scene.beijing).version

    assert press(people.alice(), scene.beijing, "correct", **JUDGED | {"severity_grade": "4"}).status_code == 422
    answer = press(people.alice(), scene.beijing, "correct", **JUDGED | {"severity_grade": "4"}, reason="lab result")

    assert answer.status_code == 303
    assert (fresh(scene.beijing).severity_grade, fresh(scene.beijing).version) == (4, before + 1)


@pytest.mark.parametrize("act", ["correct", "assess"])
def test_of_two_open_forms_the_later_is_told_what_changed_and_loses_nothing(scene: Scene, act: str) -> None:
    press(people.alice(), scene.beijing, "confirm" if act == "correct" else "assess", **JUDGED)
    began = str(fresh(scene.beijing).version)
    more = {"reason": "lab result"} if act == "correct" else {}
    of_carol = JUDGED | more | {"severity_grade": "4", "term": "Of Carol", "started_from": began}
    of_alice = JUDGED | more | {"outcome": "1", "term": "Of Alice", "started_from": began}
    assert f'name="{act}-started_from" value="{began}"' in page(people.alice(), change_url(scene.beijing))
    assert press(people.carol(), scene.beijing, act, **of_carol).status_code == 303

    answer = press(people.alice(), scene.beijing, act, **of_alice)

    body, now = answer.content.decode(), str(fresh(scene.beijing).version)
    assert answer.status_code == 422
    assert [words for words in ("changed this event meanwhile", "Of Carol", "Of Alice") if words not in body] == []
    assert (fresh(scene.beijing).term, fresh(scene.beijing).severity_grade) == ("Of Carol", 4)
    assert f'name="{act}-started_from" value="{now}"' in body
    assert press(people.alice(), scene.beijing, act, **of_alice | {"started_from": now}).status_code == 303
    assert fresh(scene.beijing).term == "Of Alice"


def test_a_draft_form_that_comes_after_the_confirmation_changes_nothing(scene: Scene) -> None:
    press(people.alice(), scene.beijing, "confirm", **JUDGED)

    late = [press(who(), scene.beijing, "assess", **JUDGED | {"term": ""}) for who in (people.chen, people.alice)]

    assert [answer.status_code for answer in late] == [422, 422]
    assert (fresh(scene.beijing).term, fresh(scene.beijing).version) == ("Haematemesis", 2)


def test_what_was_dismissed_is_judged_no_more(scene: Scene) -> None:
    press(people.alice(), scene.beijing, "dismiss", reason="a film was meant")

    late = [press(people.alice(), scene.beijing, act, **JUDGED, reason="again") for act in ("assess", "correct")]

    assert [answer.status_code for answer in late] == [422, 422]
    assert fresh(scene.beijing).term == ""


@pytest.mark.parametrize("missing", ["term", "severity_grade", "causality_investigator"])
def test_a_confirmed_event_never_loses_one_of_the_three(scene: Scene, missing: str) -> None:
    press(people.alice(), scene.beijing, "confirm", **JUDGED)

    answer = press(people.alice(), scene.beijing, "correct", **JUDGED | {missing: ""}, reason="a slip")

    assert answer.status_code == 422
    assert (fresh(scene.beijing).term, fresh(scene.beijing).severity_grade) == ("Haematemesis", 3)


def test_confirming_what_was_dismissed_meanwhile_is_a_sentence_and_no_error(scene: Scene) -> None:
    press(people.carol(), scene.beijing, "dismiss", reason="a film was meant")

    answer = press(people.alice(), scene.beijing, "confirm", **JUDGED)

    assert answer.status_code == 422
    assert fresh(scene.beijing).state == EventState.DISMISSED


def test_an_act_that_does_not_exist_is_a_bad_request(scene: Scene) -> None:
    assert press(people.alice(), scene.beijing, "destroy").status_code == 400


def test_the_number_to_call_stands_on_the_page_that_was_asked_for_it_and_nowhere_else(scene: Scene) -> None:
    numbers = [people.PHONES["wang"], people.PHONES["wang's daughter"]]
    client = signed_in(people.alice())
    before = client.get(change_url(scene.beijing)).content.decode()

    answer = client.post(change_url(scene.beijing), {"act": "call"})

    assert answer.status_code == 200
    assert all(f'href="tel:{number}"' in answer.content.decode() for number in numbers)
    assert "no-store" in answer["Cache-Control"]
    after = client.get(change_url(scene.beijing)).content.decode()
    assert not [number for number in numbers if number in before + after]


def test_who_was_shown_a_number_is_on_record_and_in_the_trail(scene: Scene) -> None:
    press(people.alice(), scene.beijing, "call")

    assert {(row.person.name, row.line.number) for row in NumberShown.objects.select_related("person", "line")} == {
        ("Alice", people.PHONES["wang"]),
        ("Alice", people.PHONES["wang's daughter"]),
    }
    trail = AuditEvent.objects.filter(table="messaging_numbershown")
    assert {entry.actor for entry in trail} == {f"user:{people.alice().pk}"}


def test_the_list_is_searched_by_case_and_filtered_by_state(scene: Scene) -> None:
    listed = "/admin/safety/adverseevent/"

    assert scene.beijing.case_number in page(people.alice(), f"{listed}?q={scene.beijing.case_number}")
    assert "Nothing matches this search." in page(people.alice(), f"{listed}?q=nothing-like-it")
    assert scene.beijing.case_number in page(people.alice(), f"{listed}?at=BJ01&state__exact=draft&level__exact=R1")
    assert f"/{scene.beijing.pk}/" not in page(people.alice(), f"{listed}?state__exact=closed")


def test_a_row_that_never_was_is_not_found_in_the_same_way_as_another_sites(scene: Scene) -> None:
    client = signed_in(people.alice())

    never = client.get("/admin/safety/adverseevent/00000000-0000-4000-8000-000000000000/change/")
    theirs = client.get(change_url(scene.shanghai))
    nonsense = client.get("/admin/safety/adverseevent/nonsense/change/")

    assert [each.status_code for each in (never, theirs, nonsense)] == [404, 404, 404]

"""Incidents of the blinding: who sees them, who says what each was, and that neither page nor stored text suffers from the guard."""

from typing import Any

import pytest

from apps.core.arm_words import MASK
from apps.escalation.models import Page
from apps.messaging.models import InboundMessage
from apps.participants.models import ArmTold
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.staff.vocabulary import Role
from tests import due, people
from tests.workplace import scenes
from tests.workplace.scenes import change_url, page, press

pytestmark = pytest.mark.django_db
TOLD = "vomiting blood since noon. The nurse told me I got the real cells"


@pytest.fixture
def event(everybody: None) -> AdverseEvent:
    """Jones vomits blood and tells an arm in the same text."""
    scenes.text(people.PHONES["jones"], TOLD)
    due.work()
    return AdverseEvent.objects.get(participant=people.jones())


def test_the_page_goes_out_the_text_is_kept_and_the_incident_is_written(event: AdverseEvent) -> None:
    incident = ArmTold.objects.get()

    assert Page.objects.filter(escalation=event.escalation, person=people.alice()).exists()
    assert InboundMessage.objects.get().body == event.verbatim == TOLD
    assert (incident.participant, incident.site, incident.said_by) == (people.jones(), people.site("BJ01"), None)


def test_a_question_is_no_incident(everybody: None) -> None:
    scenes.text(people.PHONES["jones"], "vomiting blood. Will I ever know if it was placebo?")
    due.work()

    assert not ArmTold.objects.exists()
    assert "if it was placebo" in page(people.alice(), change_url(people.jones()))


def test_what_the_triage_found_stays_marked_in_its_place_beside_the_mask(event: AdverseEvent) -> None:
    for url in (change_url(event), change_url(people.jones())):
        shown = page(people.alice(), url)
        assert f">{'vomiting blood'}</mark>" in shown
        assert "real cells" not in shown
        assert MASK * len("got the real cells") in shown


def test_the_same_text_handled_or_saved_again_is_no_second_incident(event: AdverseEvent) -> None:
    for _ in range(2):
        safety.assess(event=event, person=people.alice(), term="AE in pt on placebo")
    safety.assess(event=event, person=people.alice(), term="pt in the control arm")

    assert ArmTold.objects.filter(field="term").count() == 2
    assert ArmTold.objects.filter(field="body").count() == 1


def test_the_first_page_counts_it_until_an_investigator_says_what_it_was(event: AdverseEvent) -> None:
    incident, alice = ArmTold.objects.get(), people.alice()
    assert "1 text may tell an allocation" in page(alice, "/admin/")
    assert "请说明其情况" in page(people.bob(), "/admin/")
    assert "请说明其情况" not in page(people.chen(), "/admin/")  # a coordinator

    assert press(alice, incident, "see_to", was="guess").status_code == 303

    incident.refresh_from_db()
    assert (incident.was, incident.seen_by) == ("guess", alice)
    assert "may tell an allocation" not in page(alice, "/admin/")
    assert "猜测或传闻" in page(people.chen(), change_url(incident))


def test_it_says_who_where_and_when_and_none_of_the_words(event: AdverseEvent) -> None:
    shown = page(people.alice(), change_url(ArmTold.objects.get()))

    assert people.jones().code in shown
    assert "real cells" not in shown
    assert "vomiting" not in shown


@pytest.mark.parametrize(("who", "status"), [("chen", 403), ("dora", 404), ("dan", 404), ("sam", 403)])
def test_nobody_else_says_what_it_was(event: AdverseEvent, who: str, status: int) -> None:
    incident = ArmTold.objects.get()

    assert press(getattr(people, who)(), incident, "see_to", was="guess").status_code == status
    incident.refresh_from_db()
    assert incident.seen_at is None


def test_the_monitor_sees_that_it_happened_and_says_nothing_about_it(event: AdverseEvent) -> None:
    incident, mona = ArmTold.objects.get(), people._member("Mona", Role.MONITOR, at="BJ01")

    assert people.jones().code in page(mona, "/admin/participants/armtold/")
    assert press(mona, incident, "see_to", was="guess").status_code == 403


def test_an_unknown_numbers_is_the_duty_desks(everybody: None) -> None:
    scenes.text(people.PHONES["nobody we know"], "he is unconscious, they gave him the placebo")
    due.work()
    incident = ArmTold.objects.get()

    assert "1 text may tell an allocation" in page(people.dan(), "/admin/")
    assert press(people.alice(), incident, "see_to_unsited", was="guess").status_code == 404
    assert press(people.dan(), incident, "see_to_unsited", was="not_arm").status_code == 303


def test_on_a_phone_of_two_sites_each_learns_of_it(everybody: None) -> None:
    from apps.participants.services import add_contact_point
    from apps.participants.vocabulary import ContactKind

    add_contact_point(participant=people.wang(), kind=ContactKind.CAREGIVER, number=people.PHONES["li"])
    scenes.text(people.PHONES["li"], "护士说他打的是真的")
    due.work()

    assert sorted(each.site.code for each in ArmTold.objects.all() if each.site) == ["BJ01", "SH02"]
    assert not ArmTold.objects.filter(participant__isnull=False).exists()


def test_a_colleagues_masked_term_sent_back_as_shown_stays_what_it_was(event: AdverseEvent) -> None:
    safety.assess(event=event, person=people.alice(), term="Nausea in pt on placebo")
    event.refresh_from_db()
    shown = page(people.bob(), change_url(event))
    assert "placebo" not in shown.split("<main")[-1]
    masked = f"Nausea in pt {MASK * len('on placebo')}"
    assert f'value="{masked}"' in shown

    assert _keep(event, masked).status_code == 303
    event.refresh_from_db()
    assert event.term == "Nausea in pt on placebo"

    refused = _keep(event, f"Vomiting in pt {MASK * 10}")
    assert refused.status_code == 422
    event.refresh_from_db()
    assert event.term == "Nausea in pt on placebo"
    assert _keep(event, "Vomiting").status_code == 303
    event.refresh_from_db()
    assert event.term == "Vomiting"


def _keep(event: AdverseEvent, term: str) -> Any:
    return press(people.bob(), event, "assess", term=term, outcome="0", started_from=str(event.version))

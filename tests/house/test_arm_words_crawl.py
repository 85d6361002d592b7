"""The guard of the blinding: whatever anybody writes about an arm is shown in the clear on no page, to nobody, and is an incident once."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db.models import CharField, Field, TextField

from apps.conversations import by_phone
from apps.conversations.board import open_task
from apps.conversations.vocabulary import TaskKind
from apps.core import arm_words, clock
from apps.escalation import chains, rota
from apps.escalation import services as escalation
from apps.escalation.models import HandOver
from apps.escalation.vocabulary import ChainName, Duty
from apps.followup import services as followup
from apps.followup.models_end import Learnt, Way
from apps.participants import pauses
from apps.participants.models import ArmTold
from apps.safety import services as safety
from apps.safety.by_person import Telling
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import Teller
from apps.staff.models import User
from apps.triage import baselines
from apps.vault.fields import SealedTextField
from tests import due, people
from tests.house.test_blinding_crawl import _monitor
from tests.workplace import scenes
from tests.workplace.scenes import Scene, every_url, press, signed_in

# Where people write what others read, and the word planted there: each spelling stands nowhere else.
PLANTED = {
    "messaging.InboundMessage.body": "placaebo",
    "messaging.InboundMessage.body of an unknown number": "plaseibo",
    "safety.AdverseEvent.verbatim": "placaebo",  # the same text
    "safety.AdverseEvent.term": "plecebo",
    "audit.AuditEvent.reason": "plesebo",
    "conversations.Task.result": "placibo",
    "participants.Pause.reason": "plasibo",
    "triage.Baseline.description": "placabo",
    "followup.SearchAttempt.words": "plasabo",
    "safety.SpokenReport.words": "plesabo",
    "escalation.SiteChain.reason": "plesibo",
    "escalation.HandOver.reason": "plecabo",
}
# A cut is made by the sponsor's own people, who see no text; a number of a deviation and the reason of a shift are on record alone.
ALSO_MASKED = {"exports.DataCut.reason", "escalation.Shift.reason"}
# Sealed or long, and no words about anybody: numbers, keys, addresses, what the program itself writes or sends.
NO_WORDS = {
    "messaging.Line.number", "messaging.InboundMessage.raw", "messaging.OutboundMessage.text", "messaging.Alarm.key",
    "participants.Participant.birth_date", "staff.User.phone", "escalation.Endpoint.address", "escalation.Endpoint.secret",
    "escalation.VoicePin.hashed", "escalation.Incident.detail", "triage.SymptomReport.reason", "trials.Trial.title",
    "trials.Trial.sponsor", "trials.ProtocolVersion.text", "audit.AuditEvent.old", "audit.AuditEvent.new",
    "staff.User.first_name", "staff.User.last_name", "staff.User.username", "staff.User.email", "staff.User.password",
}  # fmt: skip


def said(field: str) -> str:
    return f"I am on {PLANTED[field]} they say"


def _free_text() -> Iterator[str]:
    for model in apps.get_models():
        if not model.__module__.startswith("apps."):
            continue
        for field in model._meta.concrete_fields:
            if _may_hold_a_sentence(field):
                yield f"{model._meta.app_label}.{model.__name__}.{field.name}"


def _may_hold_a_sentence(field: "Field[Any, Any]") -> bool:
    if field.choices or field.name == "last_error":
        return False
    if isinstance(field, SealedTextField | TextField):
        return True
    return isinstance(field, CharField) and (field.max_length or 0) >= 128


def test_every_field_for_sentences_is_planted_here_or_holds_no_words_of_people() -> None:
    assert set(_free_text()) - NO_WORDS - ALSO_MASKED - set(PLANTED) == set()


@pytest.fixture
def planted(db: None) -> Scene:
    """Every field holds a claim, written the way people do it."""
    scene = scenes.play()
    alice, carol, wang = people.alice(), people.carol(), people.wang()
    scenes.text(people.PHONES["jones"], f"vomiting blood, {said('messaging.InboundMessage.body')}")
    scenes.text(
        people.PHONES["nobody we know"],
        f"he is unconscious, {said('messaging.InboundMessage.body of an unknown number')}",
    )
    due.work()
    event = AdverseEvent.objects.get(participant=people.jones())
    assert "placaebo" in event.verbatim
    safety.assess(event=event, person=alice, term=said("safety.AdverseEvent.term"))
    safety.dismiss(event=scene.beijing, person=alice, reason=said("audit.AuditEvent.reason"))
    task = open_task(
        key="planted",
        kind=TaskKind.CALL_BACK,
        site=wang.site,
        participant=wang,
        deadline=clock.now() + timedelta(hours=9),
    )
    assert press(alice, task, "close", result=said("conversations.Task.result")).status_code == 303
    code = pauses.by_hand()[0].code
    pauses.begin_by_hand(participant=wang, code=code, person=alice, reason=said("participants.Pause.reason"))
    words = said("safety.SpokenReport.words")
    telling = Telling(teller=Teller.FAMILY, told_at=clock.now(), words=words, item="nausea")
    by_phone.tell(participant=wang, person=alice, telling=telling)
    baselines.sign_baseline(
        participant=wang, item=sorted(baselines.may_be_signed())[0], description=said("triage.Baseline.description"),
        valid_until=clock.today("Asia/Shanghai") + timedelta(days=9), person=carol, password=people.PASSWORD,
    )  # fmt: skip
    search = followup.begin_search(participant=wang, missed_on=clock.today("Asia/Shanghai"), person=alice)
    followup.record_attempt(
        search=search, person=alice, way=next(iter(Way)), learnt=next(each for each in Learnt if each == "nothing"),
        words=said("followup.SearchAttempt.words"), made_at=clock.now(),
    )  # fmt: skip
    escalation.set_chain(
        site=people.site("BJ01"), chain=ChainName.R1, content=chains.content_of(ChainName.R1, site=people.site("BJ01")),
        by=carol, reason=said("escalation.SiteChain.reason"),
    )  # fmt: skip
    shift = rota.add_shift(
        site=people.site("BJ01"), duty=Duty.FIRST, person=alice, starts_at=clock.now() + timedelta(hours=1),
        ends_at=clock.now() + timedelta(hours=5), by=None,
    )  # fmt: skip
    HandOver.objects.create(
        shift=shift,
        to=people.bob(),
        reason=said("escalation.HandOver.reason"),
        offered_at=clock.now(),
        offered_by=alice,
    )
    return scene


def _where_words_may_stand() -> list[str]:
    """Every list, card and history; what the other crawl opens besides shows a part of the same, or nothing."""
    return [url for url in every_url() if not re.search(r"/delete/|/autocomplete/|/add/|[?&](?:_popup|o|q|s)=", url)]


def crawl(person: User) -> tuple[set[str], int]:
    """(Which planted words this person was shown in the clear, how many pages held a mask)."""
    client, found, masks = signed_in(person), set(), 0
    for url in _where_words_may_stand():
        response = client.get(url)
        assert response.status_code < 500, url
        body = response.content.decode()
        found |= {word for word in PLANTED.values() if word in body.lower()}
        masks += arm_words.MASK in body
    return found, masks


EVERYBODY: list[Callable[[], User]] = [
    people.alice, people.bob, people.carol, people.chen, people.dora, people.dan, people.sam, people.ada, _monitor,
]  # fmt: skip


@pytest.mark.parametrize("make", EVERYBODY, ids=lambda make: make.__name__)
def test_no_claim_of_an_arm_stands_on_any_page_of_anybody(planted: Scene, make: Callable[[], User]) -> None:
    found, _ = crawl(make())

    assert found == set()


def test_the_crawl_finds_each_of_them_where_nothing_is_masked(planted: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arm_words, "masked", lambda text: text)

    found = crawl(people.carol())[0] | crawl(people.bob())[0] | crawl(people.dan())[0]

    assert found == set(PLANTED.values())


def test_whoever_reads_texts_sees_the_mask_and_what_it_is_for(planted: Scene) -> None:
    page = scenes.page(people.alice(), scenes.change_url(people.jones()))

    assert arm_words.MASK in page
    assert "masked: may tell the allocation" in page
    assert "vomiting blood" in page


def test_every_claim_is_an_incident_once_and_the_text_is_kept_as_it_came(planted: Scene) -> None:
    marks = ArmTold.objects.values_list("table", "field")

    assert sorted(marks) == sorted(
        [
            ("messaging_inboundmessage", "body"), ("messaging_inboundmessage", "body"), ("safety_adverseevent", "term"),
            ("safety_adverseevent", "reason"), ("conversations_task", "result"), ("participants_pause", "reason"),
            ("triage_baseline", "description"), ("followup_searchattempt", "words"),
            ("safety_spokenreport", "words"),
        ]
    )  # fmt: skip
    assert AdverseEvent.objects.get(participant=people.jones()).term == said("safety.AdverseEvent.term")

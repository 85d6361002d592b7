"""Pages by e-mail through a real SMTP server: what it is given, and what becomes of a page that it does not take."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.test import override_settings

from apps.escalation import paging
from apps.escalation.models import Page
from apps.escalation.vocabulary import EscalationState, PageState
from apps.staff.models import User
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db


@dataclass
class Post:
    """Takes letters, unless `answer` says otherwise of an address, or `unwanted` of what is in a letter to it."""

    answer: str = ""
    unwanted: list[str] = field(default_factory=list)
    letters: list[tuple[list[str], Message]] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.answer:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if envelope.rcpt_tos == self.unwanted:
            return "554 not wanted"
        self.letters.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 OK"


@pytest.fixture
def post() -> Iterator[Post]:
    handler = Post()
    with socket.create_server(("127.0.0.1", 0)) as free:  # the controller wants to know its port before
        port = free.getsockname()[1]
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    smtp = {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": port,
    }
    with override_settings(**smtp, EMAIL_FROM="pages@example.org"):
        paging.forget_outages()
        yield handler
        paging.forget_outages()
    server.stop()


def page_of(stage: Stage, person: User, length: timedelta) -> Page:
    running = stage.start()
    stage.play(length)
    return running.pages.get(person=person, channel="email", step=1)


def test_a_letter_reaches_its_person_alone_with_code_and_link_and_nothing_of_the_case(
    stage: Stage, alice: User, post: Post
) -> None:
    page = page_of(stage, alice, timedelta(seconds=2))
    assert (page.state, page.due_at) == (PageState.HANDED, None)
    [letter] = [letter for receivers, letter in post.letters if receivers == [alice.email]]
    assert (letter["Subject"], letter["To"], letter["From"]) == (
        f"Alert {page.escalation.ref}", alice.email, "pages@example.org",
    )  # fmt: skip
    body = letter.get_content()  # type: ignore[attr-defined]
    assert page.code in body
    assert "https://sms.example.org/ack/" in body
    assert not [word for word in ("BJ01", "Wang", "blood", "dose", "placebo") if word in body]


def test_an_address_that_the_server_refuses_fails_at_once_and_hurries_nobody(
    stage: Stage, alice: User, post: Post
) -> None:
    post.answer = "550 no such user"
    page = page_of(stage, alice, timedelta(minutes=4))
    assert (page.state, page.error) == (PageState.FAILED, "refused")
    assert stage.paged(page.escalation) == [(0, "Alice")]


def test_a_server_that_wants_to_be_asked_again_is_asked_again(stage: Stage, alice: User, post: Post) -> None:
    """Many servers put a stranger off at first (greylisting): that is no refusal, and no reason to leave the others' letters alone."""
    post.answer = "451 4.7.1 try again later"
    running = stage.start()
    stage.play(timedelta(seconds=5))
    page = running.pages.get(person=alice, channel="email")
    assert (page.state, page.last_error) == (PageState.PLANNED, "put_off")
    post.answer = ""
    stage.play(timedelta(seconds=10))
    page.refresh_from_db()
    assert page.state == PageState.HANDED
    assert [receivers for receivers, _ in post.letters].count([alice.email]) == 1


def test_a_letter_that_the_server_does_not_want_fails_alone(stage: Stage, alice: User, chen: User, post: Post) -> None:
    post.unwanted = [alice.email]
    page = page_of(stage, alice, timedelta(seconds=5))
    assert (page.state, page.error) == (PageState.FAILED, "refused")
    assert [chen.email] in [receivers for receivers, _ in post.letters]


def test_a_server_that_is_gone_fails_the_letter_after_a_minute_and_stops_no_text(
    stage: Stage, alice: User, post: Post
) -> None:
    with override_settings(EMAIL_PORT=1):
        page = page_of(stage, alice, timedelta(minutes=2))
    assert page.state == PageState.FAILED
    assert page.failed_at is not None
    assert timedelta(seconds=60) <= page.failed_at - page.created_at <= timedelta(seconds=75)
    assert page.escalation.state == EscalationState.OPEN
    assert len(stage.carrier.texts_to(alice)) == 1

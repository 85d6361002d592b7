"""Texts posted as the provider posts them, to a stack of real processes; the history is kept here, outside the database."""

import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil

import requests

from tests.fakes.twilio_callbacks import sign
from tests.fakes.twilio_server import ACCOUNT_SID, AUTH_TOKEN, NUMBER, inbound_form
from tests.stack import Stack

SERIOUS = "今天早上吐血了"
QUIET = ("谢谢", "1", "what time is my bus tomorrow")


@dataclass
class Poster:
    """Posts each text once, as a provider whose own retries are over. What was not taken stands in the provider's log only.

    `accepted` and `refused` are provider ids; `seconds` is how long each answer took.
    """

    stack: Stack
    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    session: requests.Session = field(default_factory=requests.Session)

    def post(self, body: str, sender: str = "") -> int:
        """The status of the answer, 0 where there was none. Without a sender: any participant of the stack."""
        sender = sender or random.choice(self.stack.people["participants"])["phone"]
        sid = str(self.stack.twilio.exchange.arrived(from_=sender, body=body)["sid"])
        began, answer = time.monotonic(), self.posted(sid, sender=sender, body=body)
        self.seconds.append(time.monotonic() - began)
        status = answer.status_code if answer is not None else 0
        (self.accepted if status == 200 else self.refused).append(sid)
        return status

    def posted(self, sid: str, *, sender: str, body: str, port: int = 0) -> requests.Response | None:
        """One POST of a text that stands in the log; None when the connection died. `port`: another web of the same installation."""
        url = f"{self.stack.url}/sms/twilio/inbound/"
        form = inbound_form(ACCOUNT_SID, sid=sid, from_=sender, to=NUMBER, body=body)
        headers = {"X-Twilio-Signature": sign(AUTH_TOKEN, url, form)}
        with suppress(requests.ConnectionError, requests.Timeout):
            there = url.replace(f":{self.stack.port}/", f":{port or self.stack.port}/")
            return self.session.post(there, data=form, headers=headers, timeout=15)
        return None

    @property
    def everything(self) -> list[str]:
        return self.accepted + self.refused

    def latencies(self, count: int) -> list[float]:
        """Seconds of so many harmless texts, each answered 200, shortest first."""
        before = len(self.seconds)
        assert {self.post(QUIET[0]) for _ in range(count)} == {200}
        return sorted(self.seconds[before:])


def percentile(ordered: list[float], share: float) -> float:
    return ordered[min(ceil(len(ordered) * share), len(ordered)) - 1]


def is_stored(stack: Stack, sids: list[str]) -> bool:
    known = {row[0] for row in stack.rows("SELECT dedupe_key FROM messaging_inboundmessage")}
    return known.issuperset(sids)

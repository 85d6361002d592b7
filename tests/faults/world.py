"""The whole program in this process: texts go in through the web's view, the real heartbeat table does the work, texts go out to the
stand-in of Twilio's API, and trial time stands still until a test moves it. The database is the one that the run uses.

What was accepted and what the provider took is remembered here, outside the database, so that the promises can be asked at the end.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.test import Client, override_settings

from apps.core import clock, phone, work
from apps.core.clock import VirtualClock
from apps.messaging import routes
from apps.messaging import services as messaging
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.services import alarms
from tests import due, people
from tests.fakes.twilio_callbacks import CallbackPlan, Poster, sign
from tests.fakes.twilio_server import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioServer, inbound_form
from tests.faults import promises
from tests.faults.promises import History

ORIGIN = "https://sms.example.org"
INBOUND = "/sms/twilio/inbound/"
FORM = "application/x-www-form-urlencoded"
# The evening before a check-in of Wang, who is past week 52: every second Wednesday at about ten.
TUESDAY_EVENING = datetime(2027, 5, 11, 20, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
WEDNESDAY = datetime(2027, 5, 12, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
_MOST_ROWS = 2000


@dataclass
class World:
    """`accepted`: provider ids of the texts that were answered 2xx."""

    time: VirtualClock
    twilio: TwilioServer
    log: Path
    client: Client = field(default_factory=Client)
    accepted: list[str] = field(default_factory=list)

    # --- in

    def text(self, who: str, body: str, **extra: str) -> str:
        """Somebody of tests/people.py texts, and the program accepts it. Returns the provider's id."""
        sid = str(self.twilio.exchange.arrived(from_=people.PHONES[who], body=body)["sid"])
        assert self.post(self.form(sid, people.PHONES[who], body) | extra) == 200
        return sid

    def form(self, sid: str, sender: str, body: str) -> dict[str, str]:
        return inbound_form(ACCOUNT_SID, sid=sid, from_=sender, to=NUMBER, body=body)

    def post(self, form: Mapping[str, str], *, path: str = INBOUND, token: str = AUTH_TOKEN) -> int:
        """What the provider posts, signed; an answer of 200 to a text is remembered as accepted."""
        status = self.post_raw(urlencode(form).encode(), path=path, signature=sign(token, ORIGIN + path, dict(form)))
        if status == 200 and path == INBOUND:
            self.accepted.append(form["MessageSid"])
        return status

    def post_raw(self, body: bytes, *, signature: str, path: str = INBOUND, content_type: str = FORM) -> int:
        headers = {"X-Twilio-Signature": signature}
        return int(self.client.post(path, body, content_type=content_type, headers=headers).status_code)

    def reports(self) -> list[int]:
        """The provider's delivery reports that wait are posted now. Returns the answers."""
        return self.twilio.exchange.callbacks.flush()

    # --- the work

    def work(self) -> None:
        """What workers do, until nothing is due, and the provider's reports of it."""
        for _ in range(_MOST_ROWS):
            if not due.one():
                if not self.twilio.exchange.callbacks.waiting:
                    return
                self.reports()
        raise AssertionError("work makes work for ever")

    def play(self, length: timedelta) -> None:
        """Let trial time pass, from one due row to the next."""
        ends = self.time.now() + length
        self.work()
        while (time := due.next_at(work.all_models(), after=self.time.now())) is not None and time <= ends:
            self.time.move_to(time)
            self.work()
        self.time.move_to(ends)
        self.work()

    def minutes(self, number: float) -> None:
        self.play(timedelta(minutes=number))

    def the_worker_dies(self) -> None:
        """Every lease of this moment runs out, as the leases of a killed process do half a minute later."""
        for model in work.all_models():
            leased = model._default_manager.filter(lease_until__isnull=False)
            leased.update(lease_until=work.lease_time() - timedelta(seconds=1))

    # --- out

    def received_by(self, who: str) -> list[str]:
        return [str(row["body"]) for row in self.twilio.sent_to(people.PHONES[who])]

    def texts_to(self, who: str) -> list[str]:
        """The wording of every text that was planned for a phone, oldest first."""
        rows = OutboundMessage.objects.filter(line=self.line(who)).order_by("planned_at", "key")
        return list(rows.values_list("wording", flat=True))

    def line(self, who: str) -> Line:
        number = phone.normalise(people.PHONES[who])
        assert number is not None
        return messaging.line_for(number=number)

    def taken(self) -> list[str]:
        """The attempt's id of every call that the provider took."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [json.loads(line)["status_callback"].rstrip("/").rsplit("/", 1)[-1] for line in lines]

    def history(self, *, extra_calls: int = 0) -> History:
        return History(accepted=self.accepted, sent=self.taken(), extra_calls=extra_calls)

    def promises_hold(self, *, extra_calls: int = 0, logs: str = "") -> None:
        """I1 to I4, and I5 over what was logged."""
        promises.hold(self.history(extra_calls=extra_calls), logs=logs, never=people.PHONES.values())


@contextmanager
def at(start: datetime, folder: Path) -> Iterator[World]:
    """Everybody of tests/people.py at this time, with Twilio as the gateway. The test has the database already."""
    log = folder / "twilio.jsonl"
    with TwilioServer(log=log, plan=CallbackPlan(automatic=False, delay=0)) as twilio:
        values = {"ACCOUNT_SID": ACCOUNT_SID, "AUTH_TOKEN": AUTH_TOKEN, "FROM_NUMBER": NUMBER}
        names = ("AUTH_TOKEN_NEXT", "MESSAGING_SERVICE_SID", "API_KEY", "API_SECRET")
        settings = dict.fromkeys(names, "") | values | {"API_BASE_URL": twilio.base_url}
        with (
            clock.using(VirtualClock(start)) as time,
            override_settings(SMS_GATEWAY=["twilio"], PUBLIC_BASE_URL=ORIGIN, TWILIO=settings),
        ):
            routes.forget()
            alarms._written.clear()
            people.everybody()
            made = World(time, twilio, log)
            twilio.exchange.callbacks.post = _into(made)
            yield made
    routes.forget()


def _into(world: World) -> Poster:
    def post(url: str, form: Mapping[str, str], signature: str) -> int:
        return world.post_raw(urlencode(form).encode(), signature=signature, path=url.removeprefix(ORIGIN))

    return post

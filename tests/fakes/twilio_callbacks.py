"""The stand-in's callbacks: signed by an implementation of its own, so that the product's is not its own judge."""

import base64
import hashlib
import hmac
import random
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

# (public URL, form, signature) -> HTTP status; 0 when nobody answered.
Poster = Callable[[str, Mapping[str, str], str], int]


def sign(token: str, url: str, form: Mapping[str, str]) -> str:
    """base64(HMAC-SHA1(token, URL + sorted names and values)), as twilio.com/docs/usage/webhooks/webhooks-security says."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def new_sid(kind: str = "SM") -> str:
    return kind + secrets.token_hex(16)


def over_http(app_origin: str = "") -> Poster:
    """Posts to the public URL, or to the same path on `app_origin` where the app really listens."""

    def post(url: str, form: Mapping[str, str], signature: str) -> int:
        request = urllib.request.Request(_really(url, app_origin), data=urlencode(form).encode(), method="POST")
        request.add_header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
        request.add_header("X-Twilio-Signature", signature)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=15) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    return post


def _really(url: str, app_origin: str) -> str:
    if not app_origin:
        return url
    origin, asked = urlsplit(app_origin), urlsplit(url)
    return urlunsplit((origin.scheme, origin.netloc, asked.path, asked.query, ""))


@dataclass
class CallbackPlan:
    """Which statuses follow an accepted text, and how the network treats them. `automatic` off: they wait for `flush`."""

    statuses: tuple[str, ...] = ("sent", "delivered")
    error_code: str = ""
    delay: float = 0.05
    automatic: bool = True
    shuffle: bool = False
    duplicate: bool = False
    lose: float = 0.0
    seed: int = 0
    by_number: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def for_number(self, number: str) -> tuple[str, ...]:
        return tuple(self.by_number.get(number, self.statuses))


@dataclass
class Callback:
    url: str
    form: dict[str, str]


class Callbacks:
    """Plans and posts status callbacks. The message's own status changes whether or not the callback arrives."""

    def __init__(self, *, account_sid: str, token: str, post: Poster, plan: CallbackPlan) -> None:
        self.account_sid = account_sid
        self.token = token
        self.post = post
        self.plan = plan
        self.waiting: list[tuple[dict[str, Any], str, str]] = []
        self.posted: list[tuple[Callback, int]] = []
        self._lock = threading.Lock()
        self._dice = random.Random(plan.seed)

    def accepted(self, message: dict[str, Any], url: str) -> None:
        """A text was accepted: what follows is posted in a while, in a thread of its own."""
        steps = list(self.plan.for_number(message["to"]))
        if self.plan.automatic:
            threading.Thread(target=self._run, args=(message, url, steps), daemon=True).start()
            return
        self.waiting += [(message, status, url) for status in steps]

    def _run(self, message: dict[str, Any], url: str, steps: list[str]) -> None:
        time.sleep(self.plan.delay)
        self._deliver(self._calls([(message, status, url) for status in steps]), pause=self.plan.delay)

    def flush(self) -> list[int]:
        """What waits happens: the statuses change, the callbacks are posted. Returns the answers."""
        steps, self.waiting = self.waiting, []
        return self._deliver(self._calls(steps))

    def _calls(self, steps: list[tuple[dict[str, Any], str, str]]) -> list[Callback]:
        calls = []
        for message, status, url in steps:
            self._move(message, status)
            if url:
                calls.append(Callback(url, self._form(message, status)))
        return calls

    def _deliver(self, calls: list[Callback], *, pause: float = 0.0) -> list[int]:
        if self.plan.duplicate:
            calls = [call for each in calls for call in (each, each)]
        if self.plan.shuffle:
            self._dice.shuffle(calls)
        answers = []
        for call in calls:
            if self._dice.random() < self.plan.lose:
                continue
            answers.append(self.post(call.url, call.form, sign(self.token, call.url, call.form)))
            with self._lock:
                self.posted.append((call, answers[-1]))
            time.sleep(pause)
        return answers

    def _move(self, message: dict[str, Any], status: str) -> None:
        message["status"] = status
        message["error_code"] = (
            int(self.plan.error_code) if self.plan.error_code and status in ("undelivered", "failed") else None
        )

    def _form(self, message: dict[str, Any], status: str) -> dict[str, str]:
        form = {
            "MessageSid": message["sid"],
            "SmsSid": message["sid"],
            "MessageStatus": status,
            "SmsStatus": status,
            "To": message["to"],
            "From": message["from"] or "",
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
        }
        if message["error_code"]:
            form["ErrorCode"] = str(message["error_code"])
        return form

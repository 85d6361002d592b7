"""Calls by Twilio: one call started, and its callbacks verified. See twilio.com/docs/voice/api/call-resource.

A call is a page and nothing else, so a doubtful outcome is tried again: two calls are better than none.
"""

import os
import re
from collections.abc import Mapping
from functools import lru_cache

import requests
from django.conf import settings
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from apps.messaging import twilio_form
from apps.messaging.gateway import RawCallback, Verdict
from apps.messaging.gateways.twilio import RebasedTwilioHttpClient, base_url_problems

RINGS = 25  # seconds: less than most voicemails wait
_EVENTS = ["answered", "completed"]
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
# Country -> why no call is started there; empty: allowed. No row: never. Sources: twilio.com/en-us/guidelines/<country>/voice.
COUNTRIES: Mapping[str, str] = {
    "AU": "",
    "CA": "",
    "GB": "",
    "US": "",
    "CN": "calls to +86 are vetted and may be blocked: not for alerts",
}


class CallRefused(Exception):
    """No call was started. `code` is Twilio's error number or a word; a permanent one is not tried again."""

    def __init__(self, code: str, *, permanent: bool, is_outage: bool = False) -> None:
        super().__init__(code)
        self.code, self.permanent, self.is_outage = code, permanent, is_outage


class TwilioVoice:
    """The account's number for calls."""

    def __init__(self, values: Mapping[str, str], *, public_base_url: str) -> None:
        self._account = values["ACCOUNT_SID"]
        self.number = values["VOICE_NUMBER"]
        self._tokens = [token for token in (values["AUTH_TOKEN"], values.get("AUTH_TOKEN_NEXT", "")) if token]
        self._base = public_base_url
        key, secret = values.get("API_KEY", ""), values.get("API_SECRET", "")
        login = (key, secret) if key and secret else (self._account, values["AUTH_TOKEN"])
        http = RebasedTwilioHttpClient(values.get("API_BASE_URL", ""), timeout=5.0)
        self._client = Client(*login, self._account, http_client=http)

    def call(self, *, to: str, path: str) -> str:
        """Ring a number (E.164); who picks up hears what `path` answers, and `path`status/ is told. The call's id. Raises CallRefused."""
        try:
            call = self._client.calls.create(
                to=to,
                from_=self.number,
                url=f"{self._base}{path}",
                method="POST",
                timeout=RINGS,
                status_callback=f"{self._base}{path}status/",
                status_callback_event=_EVENTS,
                status_callback_method="POST",
            )
        except TwilioRestException as error:
            lasting = 400 <= error.status < 500 and error.status not in (408, 429)
            raise CallRefused(str(error.code)[:20], permanent=lasting, is_outage=error.status >= 500) from None
        except (requests.RequestException, TwilioException):
            raise CallRefused("no_answer", permanent=False, is_outage=True) from None
        return str(call.sid)

    def verify(self, callback: RawCallback) -> Verdict:
        """Is it signed, of this account, about a call? Never raises."""
        verdict = twilio_form.signed(callback, tokens=self._tokens)
        if not verdict.ok:
            return verdict
        if callback.value("AccountSid") != self._account:
            return twilio_form.refused("account_sid")
        return verdict if twilio_form.is_call_sid(callback.value("CallSid")) else twilio_form.refused("call_sid")


def problems() -> list[str]:
    """Why calls cannot work as they are set up; empty where no number for calls is set at all."""
    values: Mapping[str, str] = settings.TWILIO
    if not values.get("VOICE_NUMBER"):
        return []
    found = base_url_problems(values.get("API_BASE_URL", ""))
    if not _NUMBER.fullmatch(values["VOICE_NUMBER"]):
        found.append("TWILIO_VOICE_NUMBER must be + and digits")
    if not _ACCOUNT.fullmatch(values.get("ACCOUNT_SID", "")) or not values.get("AUTH_TOKEN"):
        found.append("TWILIO_VOICE_NUMBER needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")
    return found


def is_set_up() -> bool:
    return bool(settings.TWILIO.get("VOICE_NUMBER")) and not problems()


def may_call(country: str) -> bool:
    """Whether the matrix allows calls to a country (ISO alpha-2)."""
    return COUNTRIES.get(country, "no row") == ""


def voice() -> TwilioVoice:
    """This process's instance. The caller has asked `is_set_up`."""
    return _made(os.getpid())


@lru_cache(maxsize=16)
def _made(_pid: int) -> TwilioVoice:
    return TwilioVoice(settings.TWILIO, public_base_url=settings.PUBLIC_BASE_URL)


def forget() -> None:
    """Make it afresh at the next use, because settings have changed."""
    _made.cache_clear()

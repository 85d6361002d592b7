"""Twilio's side of a call: forms about it, signed as the provider signs them, posted to our addresses."""

from urllib.parse import urlencode

from django.test import Client

from tests.fakes.twilio_callbacks import new_sid, sign
from tests.fakes.twilio_exchange import ACCOUNT_SID, AUTH_TOKEN

ORIGIN = "https://sms.example.org"
SETTINGS = {"ACCOUNT_SID": ACCOUNT_SID, "AUTH_TOKEN": AUTH_TOKEN, "API_BASE_URL": "", "VOICE_NUMBER": "+15005550006"}


def twilio_posts(client: Client, path: str, **said: str) -> str:
    """The body of our answer; any other status than 200 or 204 fails."""
    form = {"AccountSid": ACCOUNT_SID, "CallSid": new_sid("CA")} | said
    answer = client.post(
        path,
        urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": sign(AUTH_TOKEN, ORIGIN + path, form)},
    )
    assert answer.status_code in (200, 204), answer.status_code
    return answer.content.decode()

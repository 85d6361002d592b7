"""Twilio's callbacks as forms: the signature recipe and the fields. The phone simulator speaks the same language.

Source: twilio.com/docs/usage/webhooks/webhooks-security and /docs/messaging/guides/webhook-request. The signature covers the public
URL and every name and value, joined without separators and without a time: hence the refusals below, and the unique message id.
"""

import re
from collections.abc import Iterable, Mapping

from twilio.request_validator import RequestValidator

from apps.messaging.gateway import DeliveryReport, HttpAnswer, InboundSms, RawCallback, Verdict, storable
from apps.messaging.vocabulary import AttemptState

FORM = "application/x-www-form-urlencoded"
SIGNATURE = "x-twilio-signature"
_SIGNATURE_LENGTH = 28  # base64 of an HMAC-SHA1
_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_CHANNEL = re.compile(r"(?:whatsapp|rcs|messenger|sms):", re.IGNORECASE)
_MOST_MEDIA = 100
GENUINE = Verdict(ok=True)
ANSWER = HttpAnswer(content_type="text/xml", body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>')

STATES: Mapping[str, AttemptState] = {
    "accepted": AttemptState.ACCEPTED,
    "scheduled": AttemptState.ACCEPTED,
    "queued": AttemptState.ACCEPTED,
    "sending": AttemptState.ACCEPTED,
    "sent": AttemptState.SENT,
    "delivered": AttemptState.DELIVERED,
    "read": AttemptState.DELIVERED,
    "undelivered": AttemptState.UNDELIVERED,
    "failed": AttemptState.FAILED,
    "canceled": AttemptState.FAILED,
}


def refused(reason: str) -> Verdict:
    return Verdict(ok=False, reason=reason)


def is_sid(text: object) -> bool:
    return isinstance(text, str) and _SID.fullmatch(text) is not None


def is_call_sid(text: object) -> bool:
    return isinstance(text, str) and _CALL_SID.fullmatch(text) is not None


def signature(*, token: str, url: str, form: Mapping[str, str]) -> str:
    """The signature that a provider with this token puts on a form for this URL."""
    return str(RequestValidator(token).compute_signature(url, dict(form)))


def verdict(callback: RawCallback, *, tokens: Iterable[str]) -> Verdict:
    """Is it a form about a text, signed with one of the tokens? Fails closed and never raises."""
    found = signed(callback, tokens=tokens)
    return found if not found.ok or is_sid(callback.value("MessageSid")) else refused("message_sid")


def signed(callback: RawCallback, *, tokens: Iterable[str]) -> Verdict:
    """Is the form signed with one of the tokens? Fails closed and never raises."""
    if callback.content_type != FORM:
        return refused("content_type")  # with JSON the signature would cover the URL alone
    if "bodysha256" in callback.url.lower():
        return refused("body_hash")
    given = callback.headers.get(SIGNATURE) or ""
    if len(given) != _SIGNATURE_LENGTH or not given.isascii():
        return refused("no_signature")
    if any(len(values) != 1 for values in callback.form.values()):
        return refused("repeated_name")  # Body=1&Body=2 has the signature of Body=1Body2
    form = {name: values[0] for name, values in callback.form.items()}
    is_signed = any(token and _is_signed(token, callback.url, form, given) for token in tokens)
    return GENUINE if is_signed else refused("signature")


def _is_signed(token: str, url: str, form: dict[str, str], given: str) -> bool:
    try:
        return bool(RequestValidator(token).validate(url, form, given))
    except (TypeError, ValueError, LookupError, AttributeError):
        return False  # the library raises on some strange input; strange is refused


def parse_inbound(callback: RawCallback) -> list[InboundSms]:
    """The one text of a form. NUL is replaced in the text alone; the raw bytes keep it."""
    sid, hint = callback.value("MessageSid"), callback.value("OptOutType").upper()
    return [
        InboundSms(
            dedupe_key=sid,
            provider_id=sid,
            sender=without_channel(callback.value("From")),
            text=storable(callback.value("Body")),
            opt_out_hint=hint if hint in ("STOP", "START", "HELP") else "",
            media_count=media_count(callback.value("NumMedia")),
            raw=callback.body,
        )
    ]


def parse_status(callback: RawCallback) -> list[DeliveryReport]:
    status = callback.value("MessageStatus") or callback.value("SmsStatus")
    return [
        DeliveryReport(
            provider_id=callback.value("MessageSid"),
            status=status[:24],
            state=STATES.get(status),
            error_code=callback.value("ErrorCode")[:20],
            done_at=callback.value("RawDlrDoneDate")[:24],
        )
    ]


def without_channel(address: str) -> str:
    """`whatsapp:+61…` is the same person as `+61…`."""
    return _CHANNEL.sub("", address.strip(), count=1)


def media_count(text: object) -> int:
    """A count as a provider wrote it; absent, empty or strange is none."""
    digits = str(text or "")
    return min(int(digits), _MOST_MEDIA) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0

"""The phone simulator: every text is accepted at once and reported delivered a moment later. It never runs beside a live gateway.

It signs its callbacks with Twilio's recipe and a secret of its own, so a demo walks the same path as production. Its log is the
program's own rows: a text whose acceptance was not recorded was never shown on any phone.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Self
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings

from apps.messaging import twilio_form
from apps.messaging.gateway import (
    Capability,
    DeliveryReport,
    HttpAnswer,
    InboundSms,
    Kind,
    Listing,
    OutboundSms,
    Outcome,
    RawCallback,
    SendResult,
    SmsGateway,
    Verdict,
)
from apps.messaging.vocabulary import AttemptState, ErrorClass

OUR_NUMBER = "+15005550006"


class PhoneGateway(SmsGateway):
    """`secret` is derived from SECRET_KEY: HMAC-SHA256 over `phone simulator`, in hex."""

    name = "phone"
    errors: ClassVar[Mapping[str, ErrorClass]] = {}
    absence_is_proof = True
    polls = (1.0,)
    urgent_polls = (1.0,)

    def __init__(self, secret: str) -> None:
        self.secret = secret

    @classmethod
    def configured(cls) -> Self:
        return cls(hmac.new(settings.SECRET_KEY.encode(), b"phone simulator", hashlib.sha256).hexdigest())

    @classmethod
    def problems(cls) -> list[str]:
        return []

    def capability(self, country: str) -> Capability | None:
        return Capability(country, opt_out_by="us", source="simulator")

    def verify(self, callback: RawCallback) -> Verdict:
        return twilio_form.verdict(callback, tokens=[self.secret])

    def parse_inbound(self, callback: RawCallback) -> list[InboundSms]:
        return twilio_form.parse_inbound(callback)

    def parse_status(self, callback: RawCallback) -> list[DeliveryReport]:
        return twilio_form.parse_status(callback)

    def state_of(self, status: str) -> AttemptState | None:
        return twilio_form.STATES.get(status)

    def acknowledge(self, kind: Kind) -> HttpAnswer:
        return twilio_form.ANSWER

    def send(self, sms: OutboundSms) -> SendResult:
        return SendResult(Outcome.ACCEPTED, provider_id=f"SM{sms.attempt_id.hex}")

    def listed(self, *, since: datetime, counterpart: str = "") -> Listing:
        return Listing(items=(), complete=True)

    def fetch(self, provider_id: str) -> DeliveryReport | None:
        return DeliveryReport(provider_id, "delivered", AttemptState.DELIVERED)

    def posted_text(self, *, sender: str, text: str, media_count: int = 0) -> RawCallback:
        """What this phone posts when somebody types a text: signed, with a fresh message id."""
        form = {
            "MessageSid": f"SM{secrets.token_hex(16)}",
            "From": sender,
            "To": OUR_NUMBER,
            "Body": text,
            "NumMedia": str(media_count),
            "SmsStatus": "received",
        }
        return self._signed(Kind.INBOUND, f"{settings.PUBLIC_BASE_URL}/sms/{self.name}/inbound/", form)

    def posted_status(self, *, attempt_id: UUID, status: str, error_code: str = "") -> RawCallback:
        """What this phone posts about a text that it was sent."""
        form = {"MessageSid": f"SM{attempt_id.hex}", "MessageStatus": status, "ErrorCode": error_code}
        return self._signed(Kind.STATUS, f"{settings.PUBLIC_BASE_URL}/sms/{self.name}/status/{attempt_id}/", form)

    def _signed(self, kind: Kind, url: str, form: dict[str, str]) -> RawCallback:
        return RawCallback(
            kind=kind,
            url=url,
            content_type=twilio_form.FORM,
            headers={twilio_form.SIGNATURE: twilio_form.signature(token=self.secret, url=url, form=form)},
            body=urlencode(form).encode(),
            form={name: [value] for name, value in form.items()},
        )

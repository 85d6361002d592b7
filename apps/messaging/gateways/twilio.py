"""Twilio. Facts with their sources stand beside what follows from them; see twilio.com/docs/messaging/api/message-resource.

`Messages` takes no idempotency key, so a call is made once, is never repeated here, and says UNKNOWN when it may have been accepted.
"""

import logging
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError

from apps.core.work import seconds
from apps.messaging import twilio_form, twilio_log
from apps.messaging.gateway import (
    Capability,
    DeliveryReport,
    HttpAnswer,
    InboundSms,
    Kind,
    ListedSms,
    Listing,
    OutboundSms,
    Outcome,
    RawCallback,
    SendResult,
    SmsGateway,
    Verdict,
)
from apps.messaging.twilio_log import UNREADABLE
from apps.messaging.vocabulary import AttemptState, ErrorClass

MAX_VALIDITY = 36_000
MAX_CHARACTERS = 1600
_PAGE_SIZE = 1000
_MOST_LISTED = 10_000
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_SHORT_CODE = re.compile(r"\d{3,8}")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# At INFO the library writes URLs with phone numbers; this logger stands outside the tree and says nothing at any level.
_SILENT = logging.Logger("twilio-silent", level=logging.CRITICAL + 1)


def _codes(error_class: ErrorClass, codes: str) -> dict[str, ErrorClass]:
    return dict.fromkeys(codes.split(), error_class)


# The names of the codes are Twilio's (twilio.com/docs/api/errors); the treatment is ours.
ERRORS: Mapping[str, ErrorClass] = {
    **_codes(ErrorClass.RETRY, "429 20429 21611"),
    **_codes(ErrorClass.LATER, "30001 30003 30005 30008 30017 30410"),
    **_codes(ErrorClass.AMBIGUOUS, "20500 20503"),
    **_codes(ErrorClass.CONTACT, "21211 21214 21217 21612 21614 30006"),
    **_codes(ErrorClass.OPT_OUT, "21610"),
    **_codes(ErrorClass.BLOCKED, "30004 30007 30018 30024 30450 30610 30640"),
    **_codes(ErrorClass.CAPACITY, "30022 30023 30027 30032 30034 63038 60728 63017"),
    **_codes(ErrorClass.CONFIG, "401 403 20003 20404 404 21408 30002 21606 21608 21703 21704 no_sender"),
    **_codes(ErrorClass.BUG, "21602 21603 21604 21609 21617 21620 21624 21655 21656 30045 90007"),
    **_codes(ErrorClass.BUG, "35111 35114 35115 35117 35118 35125 no_text too_long bad_recipient"),
    **_codes(ErrorClass.EXPIRED, "30036"),
    **_codes(ErrorClass.LOOP, "14107"),
    **_codes(ErrorClass.WEBHOOK, "11200 11205 11750 12100 12200 12300 57012"),
}

_AS_OF = date(2026, 11, 25)
_GUIDE = "twilio.com/en-us/guidelines"
CAPABILITIES: Mapping[str, Capability] = {
    row.country: row
    for row in (
        Capability("AU", max_parts=8, receipts="yes", source=f"{_GUIDE}/au/sms", as_of=_AS_OF),
        Capability("CA", max_parts=8, opt_out_by="gateway", source=f"{_GUIDE}/ca/sms", as_of=_AS_OF),
        Capability("GB", max_parts=8, receipts="yes", source=f"{_GUIDE}/gb/sms", as_of=_AS_OF),
        Capability("US", max_parts=8, opt_out_by="gateway", source=f"{_GUIDE}/us/sms", as_of=_AS_OF),
        Capability("CN", two_way=False, refused="no_two_way", receipts="unreliable", source=f"{_GUIDE}/cn/sms", as_of=_AS_OF),
    )
}  # fmt: skip


def base_url_problems(url: str) -> list[str]:
    """Why `TWILIO_API_BASE_URL` is refused; empty when it may be used. An empty value means Twilio itself."""
    if not url:
        return []
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ["TWILIO_API_BASE_URL is not a URL"]
    beyond = (parts.username, parts.password, parts.query, parts.fragment, parts.path.strip("/"))
    found = []
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        found.append("TWILIO_API_BASE_URL must be https, or http on a loopback host")
    if not host or "@" in parts.netloc or any(beyond):
        found.append("TWILIO_API_BASE_URL is an origin: scheme, host and port, nothing else")
    return found


class RebasedTwilioHttpClient(HttpClient):  # type: ignore[misc]
    """Sends Twilio's requests to another origin where one is configured, and remembers what the answer asked to wait.

    Several threads may call at once. The library's own client keeps its newest answer on itself and gives back what stands there, which
    by then may be another thread's (twilio 9, `TwilioHttpClient.request`): so each call borrows one that nobody else is using.
    """

    def __init__(self, base_url: str = "", *, timeout: float | None = None) -> None:
        # The library's own default waits for ever.
        super().__init__(_SILENT, is_async=False, timeout=seconds(timeout or SmsGateway.timeout).total_seconds())
        self._base = urlsplit(base_url) if base_url else None
        self._answer = threading.local()
        self._idle: list[TwilioHttpClient] = []

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        self._answer.retry_after = None
        with self._borrowed() as client:
            response = client.request(method, self._rebased(url), *args, **kwargs)
        self._answer.retry_after = _seconds((response.headers or {}).get("Retry-After"))
        return response

    @contextmanager
    def _borrowed(self) -> Iterator[TwilioHttpClient]:
        try:
            client = self._idle.pop()
        except IndexError:
            client = self._made()
        try:
            yield client
        finally:
            self._idle.append(client)

    def _made(self) -> TwilioHttpClient:
        client = TwilioHttpClient(timeout=self.timeout, logger=_SILENT)
        if self._base is not None and self._base.hostname in _LOOPBACK:
            client.session.trust_env = False  # a proxy variable would divert the call
        return client

    @property
    def retry_after(self) -> float | None:
        """Seconds that the last answer of this thread asked to wait."""
        found: float | None = getattr(self._answer, "retry_after", None)
        return found

    def _rebased(self, url: str) -> str:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host != "twilio.com" and not host.endswith(".twilio.com"):
            raise requests.exceptions.InvalidURL("not an address of the provider")
        if self._base is None:
            return url
        return urlunsplit((self._base.scheme, self._base.netloc, parts.path, parts.query, ""))


def _seconds(text: object) -> float | None:
    # The HTTP-date form is allowed too, but Twilio sends seconds; anything else is left to our own back-off.
    return float(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 7 else None


class TwilioGateway(SmsGateway):
    """One account, with one number or one Messaging Service."""

    name = "twilio"
    errors: ClassVar[Mapping[str, ErrorClass]] = ERRORS
    stops_country = frozenset({"21408"})  # the account may not send there

    def __init__(self, values: Mapping[str, str], *, public_base_url: str) -> None:
        self._account = values["ACCOUNT_SID"]
        self._service = values.get("MESSAGING_SERVICE_SID", "")
        self._number = values.get("FROM_NUMBER", "")
        self._tokens = [token for token in (values["AUTH_TOKEN"], values.get("AUTH_TOKEN_NEXT", "")) if token]
        self._public_base_url = public_base_url
        key, secret = values.get("API_KEY", ""), values.get("API_SECRET", "")
        login = (key, secret) if key and secret else (self._account, values["AUTH_TOKEN"])
        self._http = RebasedTwilioHttpClient(values.get("API_BASE_URL", ""))
        self._client = Client(*login, self._account, http_client=self._http)

    @classmethod
    def configured(cls) -> Self:
        if found := cls.problems():
            raise ImproperlyConfigured("; ".join(found))
        return cls(settings.TWILIO, public_base_url=settings.PUBLIC_BASE_URL)

    @classmethod
    def problems(cls) -> list[str]:
        values: Mapping[str, str] = settings.TWILIO
        found = base_url_problems(values.get("API_BASE_URL", ""))
        if not _ACCOUNT.fullmatch(values.get("ACCOUNT_SID", "")):
            found.append("TWILIO_ACCOUNT_SID must be AC and 32 hexadecimal digits")
        if not values.get("AUTH_TOKEN"):
            found.append("TWILIO_AUTH_TOKEN must be set: without it no callback can be trusted")
        if (service := values.get("MESSAGING_SERVICE_SID", "")) and not _SERVICE.fullmatch(service):
            found.append("TWILIO_MESSAGING_SERVICE_SID must be MG and 32 hexadecimal digits")
        # Written otherwise than Twilio writes it, it would refuse every text to us, and hide them in the log too.
        number = values.get("FROM_NUMBER", "")
        if number and not (_E164.fullmatch(number) or _SHORT_CODE.fullmatch(number)):
            found.append("TWILIO_FROM_NUMBER must be + and digits without spaces, or a short code")
        if bool(values.get("API_KEY")) != bool(values.get("API_SECRET")):
            found.append("TWILIO_API_KEY and TWILIO_API_SECRET are set together or not at all")
        if "_" in (urlsplit(settings.PUBLIC_BASE_URL).hostname or ""):
            found.append("PUBLIC_BASE_URL has an underscore in its host: the provider refuses such callbacks (21609)")
        return found

    def capability(self, country: str) -> Capability | None:
        return CAPABILITIES.get(country)

    # --- callbacks

    def verify(self, callback: RawCallback) -> Verdict:
        verdict = twilio_form.verdict(callback, tokens=self._tokens)
        if not verdict.ok:
            return verdict
        if callback.value("AccountSid") != self._account:
            return twilio_form.refused("account_sid")
        if callback.kind is Kind.INBOUND and not self._is_for_us(callback):
            return twilio_form.refused("receiver")
        return verdict

    def _is_for_us(self, callback: RawCallback) -> bool:
        receiver, service = twilio_form.without_channel(callback.value("To")), callback.value("MessagingServiceSid")
        if self._number and receiver == self._number:
            return True
        if self._service and service:
            return service == self._service
        # With a service alone its numbers are not known here, and a callback set on a number names no service.
        return not self._number

    def parse_inbound(self, callback: RawCallback) -> list[InboundSms]:
        return twilio_form.parse_inbound(callback)

    def parse_status(self, callback: RawCallback) -> list[DeliveryReport]:
        return twilio_form.parse_status(callback)

    def state_of(self, status: str) -> AttemptState | None:
        return twilio_form.STATES.get(status)

    def acknowledge(self, kind: Kind) -> HttpAnswer:
        return twilio_form.ANSWER

    # --- sending

    def send(self, sms: OutboundSms) -> SendResult:
        if problem := self._refused_here(sms):
            return SendResult(Outcome.REJECTED, code=problem)
        sender = {"messaging_service_sid": self._service} if self._service else {"from_": self._number}
        try:
            message = self._client.messages.create(
                to=sms.recipient,
                body=sms.text,
                status_callback=f"{self._public_base_url}/sms/{self.name}/status/{sms.attempt_id}/",
                validity_period=min(max(sms.valid_for, 1), MAX_VALIDITY),
                **sender,
            )
        except (TwilioRestException, TwilioServiceException) as error:
            return self._answered(error.status, error.code)
        except requests.RequestException as error:
            return _unanswered(error)
        except UNREADABLE:
            return SendResult(Outcome.UNKNOWN, code="bad_answer")  # a cut or foreign 2xx: it may have been accepted
        if not twilio_form.is_sid(message.sid):
            return SendResult(Outcome.UNKNOWN, code="no_sid")
        return SendResult(Outcome.ACCEPTED, provider_id=message.sid)

    def _refused_here(self, sms: OutboundSms) -> str:
        """Twilio's own description lets these through, so they are refused before any request."""
        if not self._service and not self._number:
            return "no_sender"
        if not _E164.fullmatch(sms.recipient):
            return "bad_recipient"
        if not sms.text.strip():
            return "no_text"
        return "too_long" if len(sms.text) > MAX_CHARACTERS else ""

    def _answered(self, status: object, code: object) -> SendResult:
        """An answer that is not 2xx. The library puts the HTTP status where the body names no code."""
        http = status if isinstance(status, int) else 0
        named = str(code)[:20]
        if http == 429 or self.errors.get(named) is ErrorClass.RETRY:
            return SendResult(Outcome.RETRY, code=named, retry_after=self._http.retry_after)
        if not 400 <= http < 500 or http == 408 or self.errors.get(named) is ErrorClass.AMBIGUOUS:
            return SendResult(Outcome.UNKNOWN, code=named)
        return SendResult(Outcome.REJECTED, code=named)

    # --- asking

    def fetch(self, provider_id: str) -> DeliveryReport | None:
        try:
            return _report(self._client.messages(provider_id).fetch())
        except (requests.RequestException, *UNREADABLE):
            return None

    def listed(self, *, since: datetime, counterpart: str = "") -> Listing:
        # No filter by date: `DateSent` has the granularity of a day and may still be null for a queued text.
        query: dict[str, Any] = {"page_size": _PAGE_SIZE}
        if counterpart:
            query["to"] = counterpart
        items: list[ListedSms] = []
        read = unreadable = 0
        try:
            rows = twilio_log.rows(self._client.messages.page(**query))
            for row, at in islice(twilio_log.until_older(rows, since), _MOST_LISTED):
                read += 1
                try:
                    items += [self._listed(row, at)] if at >= since and self._is_ours(row) else []
                except UNREADABLE:
                    unreadable += 1
        except (requests.RequestException, *UNREADABLE) as error:
            # What was read before counts: a text that stands there may stand nowhere else.
            return Listing(items=items, complete=False, code=type(error).__name__, unreadable=unreadable)
        is_complete = read < _MOST_LISTED
        return Listing(items, is_complete, code="" if is_complete else "too_long", unreadable=unreadable)

    def _is_ours(self, row: Any) -> bool:
        """Raises one of UNREADABLE for a row that has no id: nobody could say later whether it is known."""
        if not twilio_form.is_sid(row.sid):
            raise ValueError("no id")
        ours = row.to if row.direction == "inbound" else row.from_
        if self._number and twilio_form.without_channel(ours or "") == self._number:
            return True
        if self._service and row.messaging_service_sid:
            return bool(row.messaging_service_sid == self._service)
        return not self._number

    def _listed(self, row: Any, at: datetime) -> ListedSms:
        is_inbound = row.direction == "inbound"
        return ListedSms(
            provider_id=row.sid,
            is_inbound=is_inbound,
            counterpart=twilio_form.without_channel((row.from_ if is_inbound else row.to) or ""),
            text=row.body or "",
            created_at=at,
            is_dated=twilio_log.time_of(row) is not None,
            report=_report(row),
            media_count=twilio_form.media_count(row.num_media),
            is_automatic=row.direction == "outbound-reply",
        )


def _unanswered(error: requests.RequestException) -> SendResult:
    """No answer. Certainly unsent only where no connection was ever made; a reset looks the same before and after acceptance."""
    inner = error.args[0] if error.args else None
    never_connected = isinstance(inner, MaxRetryError) and isinstance(inner.reason, NewConnectionError)
    if isinstance(error, requests.ConnectTimeout) or never_connected:
        return SendResult(Outcome.RETRY, code="not_connected")
    return SendResult(Outcome.UNKNOWN, code="read_timeout" if isinstance(error, requests.Timeout) else "no_answer")


def _report(row: Any) -> DeliveryReport:
    status = str(row.status)
    code = "" if row.error_code in (None, "", 0) else str(row.error_code)[:20]
    return DeliveryReport(row.sid, status[:24], twilio_form.STATES.get(status), code)

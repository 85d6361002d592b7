"""The port between trialcare and an SMS provider. One provider is one file in `gateways/`.

A gateway answers questions and owns no business rule: consent, quiet hours, opt-out and texts live above it. It raises nothing but
programming errors: every outcome of a network call is one of the `Outcome`s, every callback gets a `Verdict`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from apps.messaging.vocabulary import AttemptState, ErrorClass


class Kind(StrEnum):
    """Which of a gateway's addresses was called."""

    INBOUND = "inbound"
    STATUS = "status"
    VOICE = "voice"


@dataclass(frozen=True)
class RawCallback:
    """What a provider posted. `url` is the configured public origin and the path, never built from Host or X-Forwarded-*."""

    kind: Kind
    url: str
    content_type: str
    headers: Mapping[str, str] = field(repr=False)  # names in lower case
    body: bytes = field(repr=False)
    form: Mapping[str, Sequence[str]] = field(repr=False)  # every value of every name, untouched; empty unless a form

    def value(self, name: str) -> str:
        """A form value; absent and empty are the same to a reader, though not to a signature."""
        values = self.form.get(name, ())
        return values[-1] if values else ""


@dataclass(frozen=True)
class Verdict:
    """Whether a callback is genuine. `reason` is a code, safe to log."""

    ok: bool
    reason: str = ""


def storable(text: str) -> str:
    """The text as every database and encoding takes it: NUL and lone halves of UTF-16, which JSON lets through, become U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


@dataclass(frozen=True)
class InboundSms:
    """One text as a provider described it. An item that cannot be read has `readable=False` and only a key and its raw form."""

    dedupe_key: str
    raw: bytes = field(repr=False)
    provider_id: str = ""
    sender: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    opt_out_hint: str = ""  # STOP, START or HELP where the provider says so itself
    media_count: int = 0
    provider_at: datetime | None = None
    readable: bool = True


@dataclass(frozen=True)
class DeliveryReport:
    """What a provider said about a text it took. `state` is None for a status that moves nothing; `status` is as received."""

    provider_id: str
    status: str
    state: AttemptState | None = None
    error_code: str = ""
    done_at: str = ""


@dataclass(frozen=True)
class OutboundSms:
    """One text to hand over. `attempt_id` rides in the status callback's address; `valid_for` is seconds of clinical usefulness.

    Gateways that take approved templates instead of free text read `wording`.
    """

    attempt_id: UUID
    recipient: str = field(repr=False)
    text: str = field(repr=False)
    wording: str
    language: str
    valid_for: int


class Outcome(StrEnum):
    """How a call ended. UNKNOWN: it may have been accepted. RETRY: it certainly was not."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    RETRY = "retry"


@dataclass(frozen=True)
class SendResult:
    """An outcome with the provider's id or error code; `retry_after` in seconds where the provider asked for it."""

    outcome: Outcome
    provider_id: str = ""
    code: str = ""
    retry_after: float | None = None


@dataclass(frozen=True)
class ListedSms:
    """One line of a provider's own message log."""

    provider_id: str
    is_inbound: bool
    counterpart: str = field(repr=False)  # the number that is not ours
    text: str = field(repr=False)  # empty where the provider redacts
    created_at: datetime
    report: DeliveryReport
    media_count: int = 0
    is_automatic: bool = False  # sent by the provider itself, such as its own answer to STOP
    is_dated: bool = True  # otherwise its own time cannot be read, and `created_at` is that of the next younger one


@dataclass(frozen=True)
class Listing:
    """Part of a provider's log. Not `complete`: the call failed or the log was longer than was read, so absence proves nothing.

    `unreadable`: how many rows are not among the items, because nothing certain can be read in them.
    """

    items: Sequence[ListedSms]
    complete: bool
    code: str = ""
    unreadable: int = 0


@dataclass(frozen=True)
class HttpAnswer:
    """Exactly what a provider expects to a callback that was stored."""

    content_type: str
    body: bytes = b""
    status: int = 200


@dataclass(frozen=True)
class Capability:
    """One row of the matrix country x gateway. No row, or `refused`: nothing is sent there. Dated, with its source."""

    country: str
    two_way: bool = True
    max_parts: int = 8
    opt_out_by: str = "gateway"  # who handles STOP first: gateway, carrier, or us
    receipts: str = "yes"  # yes, no, or unreliable
    refused: str = ""  # why nothing is sent there
    source: str = ""
    as_of: date | None = None
    confirmed: bool = False  # tried with a live account


class SmsGateway(ABC):
    """One SMS provider. Made when first used, once per process, after the fork."""

    name: ClassVar[str]
    timeout: ClassVar[float] = 10.0  # seconds, for connecting and for each read of a call
    errors: ClassVar[Mapping[str, ErrorClass]] = {}
    stops_country: ClassVar[frozenset[str]] = frozenset()  # codes of a configuration that is wrong for one country only
    can_list: ClassVar[bool] = True
    absence_is_proof: ClassVar[bool] = False  # a text missing from the log was never sent
    polls: ClassVar[tuple[float, ...]] = (600, 1800, 7200)  # seconds after acceptance: "has it arrived?"
    urgent_polls: ClassVar[tuple[float, ...]] = (45, 120, 600, 1800)

    @classmethod
    @abstractmethod
    def configured(cls) -> Self:
        """An instance from the settings. Raises ImproperlyConfigured when a setting is missing or refused."""

    @classmethod
    @abstractmethod
    def problems(cls) -> list[str]:
        """Why the settings do not allow this gateway, one a line; empty when they do. Nothing secret in it."""

    @abstractmethod
    def capability(self, country: str) -> Capability | None:
        """What is possible in a country (ISO alpha-2), or None: never send there."""

    @abstractmethod
    def verify(self, callback: RawCallback) -> Verdict:
        """Is it genuine, and for us? Never raises; whatever is strange is refused."""

    @abstractmethod
    def parse_inbound(self, callback: RawCallback) -> list[InboundSms]:
        """Every text in a callback. Never raises: an item that cannot be read is an unreadable `InboundSms`."""

    @abstractmethod
    def parse_status(self, callback: RawCallback) -> list[DeliveryReport]:
        """Every delivery report in a callback. Never raises."""

    @abstractmethod
    def acknowledge(self, kind: Kind) -> HttpAnswer:
        """The answer to a callback that was stored."""

    @abstractmethod
    def send(self, sms: OutboundSms) -> SendResult:
        """Hand one text over: at most one request, ended in time, never raises for the network's sake."""

    def listed(self, *, since: datetime, counterpart: str = "") -> Listing:
        """The provider's log since a (machine) time, newest first; of one number where `counterpart` is given.

        A row that cannot be read, or has no time, hides none behind it.
        """
        return Listing(items=(), complete=False, code="cannot_list")

    def fetch(self, provider_id: str) -> DeliveryReport | None:
        """What the provider says now about one text; None when it cannot be learnt."""
        return None

    def classify(self, code: str) -> ErrorClass:
        """What an error code asks of us; an unlisted one is FINAL, which alarms."""
        return self.errors.get(code, ErrorClass.FINAL)

    def state_of(self, status: str) -> AttemptState | None:
        """Where a received status stands; None for one that moves nothing."""
        return None

"""The port of paging channels. Each channel is one file in `channels/`: how it reaches a person, and what it then knows.

No health word, no name of a participant and no arm on any of them: a random reference, a level, a code. Links only in e-mail and
webhooks. A channel that is not set up for a person is skipped; one that fails raises ChannelError, and the page's row goes on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from apps.core.registry import Folder
from apps.escalation.models import Page
from apps.escalation.rules import ALL_CHANNELS
from apps.escalation.vocabulary import PageState
from apps.messaging.models import OutboundMessage
from apps.staff.models import User


class ChannelError(Exception):
    """The page was not handed over. `code` is short and holds no number and no text; a permanent one is not tried again.

    `is_outage`: whoever carries it does not answer at all, so the pages behind this one need not wait for the same.
    """

    def __init__(self, code: str, *, permanent: bool = False, is_outage: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent
        self.is_outage = is_outage


@dataclass(frozen=True)
class Handed:
    """What handing over gave: our own outbound text, or a provider that accepted at once with its id."""

    message: OutboundMessage | None = None
    accepted: bool = False
    provider_id: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a page has come: PLANNED until a provider accepted it, HANDED until it is known to have arrived or failed."""

    state: PageState
    error: str = ""
    handed_at: datetime | None = None
    delivered_at: datetime | None = None


class Channel:
    """One way to reach people. `carries` is the protocol file's word that it answers to."""

    name: ClassVar[str]
    carries: ClassVar[str]
    wakes: ClassVar[bool]  # it can wake a person: its failure moves the chain on at once
    confirms: ClassVar[bool]  # it reports delivery: none in time counts as a failure
    is_local: ClassVar[bool] = False  # handing over is a row of our own database, so it joins the page's transaction
    is_there: ClassVar[bool] = False  # the page's own row is all there is to hand over
    is_by_number: ClassVar[bool] = (
        False  # it reaches the person's own mobile: what proved another number proves nothing
    )

    @classmethod
    def problems(cls) -> list[str]:
        """Why its settings cannot work, one a line; empty too where it is not set up at all. Nothing secret in it."""
        return []

    def reaches(self, person: User) -> bool:
        """Whether this channel is set up, here and for this person."""
        raise NotImplementedError

    def hand_over(self, page: Page) -> Handed:
        """Give the page to whoever carries it. Raises ChannelError."""
        raise NotImplementedError

    def progress(self, page: Page) -> Progress:
        """What is known now. Channels whose providers call back write it on the page itself."""
        return Progress(PageState(page.state), page.error, page.handed_at, page.delivered_at)

    def cancel(self, page: Page) -> None:
        """Somebody has taken it: stop what can still be stopped. By default nothing can."""
        return


CHANNELS: Folder[Channel] = Folder("apps.escalation.channels", base=Channel)


def named(name: str) -> Channel:
    """The channel of that name. Raises UnknownPlugin."""
    return CHANNELS[name]()


def of(word: str, person: User) -> Channel | None:
    """The first channel that answers to the protocol's word and reaches this person, or None."""
    for name in CHANNELS.names:
        channel_class = CHANNELS.classes[name]
        if channel_class.carries == word and (channel := channel_class()).reaches(person):
            return channel
    return None


def number_since(name: str, person: User) -> datetime | None:
    """Since when this channel goes where it goes now; None where that hangs on no number."""
    channel_class = CHANNELS.classes.get(name)
    return person.phone_since if channel_class is not None and channel_class.is_by_number else None


def waking(person: User) -> list[Channel]:
    """Every channel that is set up for this person and can wake them."""
    usable = [of(word, person) for word in ALL_CHANNELS]
    return [channel for channel in usable if channel is not None and channel.wakes]

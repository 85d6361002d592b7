"""A text message to the person's own mobile. Its state is the outbound text's state: "sent" is not success."""

from typing import ClassVar

from apps.core import phone
from apps.escalation.channel import Channel, ChannelError, Handed, Progress
from apps.escalation.models import Page
from apps.escalation.texts import text_of
from apps.escalation.vocabulary import PageKind, PageState
from apps.messaging import services as messaging
from apps.messaging.vocabulary import HANDED_OVER, NOT_REACHED, Purpose, SendState
from apps.staff.models import User


class SmsChannel(Channel):
    name: ClassVar[str] = "sms"
    carries: ClassVar[str] = "sms"
    wakes: ClassVar[bool] = True
    confirms: ClassVar[bool] = True
    is_by_number: ClassVar[bool] = True
    is_local: ClassVar[bool] = True

    def reaches(self, person: User) -> bool:
        """A mobile is known, and the carrier does not block us. A person on call who wrote STOP is paged all the same."""
        if not person.phone_index:
            return False
        line = messaging.line_of(person)
        return line is None or line.carrier_blocked_at is None

    def hand_over(self, page: Page) -> Handed:
        number = phone.normalise(page.person.phone)
        if number is None:
            raise ChannelError("no_mobile", permanent=True)
        purpose = Purpose.NOTICE if page.kind == PageKind.NOTICE else Purpose.PAGE
        line = messaging.line_for(number=number)
        return Handed(message=messaging.queue(key=f"page:{page.pk}", line=line, purpose=purpose, text=text_of(page)))

    def cancel(self, page: Page) -> None:
        if page.message is not None:
            messaging.cancel(messages=[page.message])

    def progress(self, page: Page) -> Progress:
        message = page.message
        if message is None:
            return Progress(PageState.PLANNED)
        if message.state == SendState.DELIVERED:
            return Progress(PageState.DELIVERED, "", message.handed_over_at, message.delivered_at)
        if message.state in NOT_REACHED or message.state == SendState.CANCELLED:
            error = f"{message.state} {message.error_code}".strip()
            return Progress(PageState.FAILED, error, message.handed_over_at)
        if message.state in HANDED_OVER:
            return Progress(PageState.HANDED, "", message.handed_over_at)
        return Progress(PageState.PLANNED)

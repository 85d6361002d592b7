"""A call by Twilio. Who picks up enters a PIN: voicemail, a child or a colleague takes nothing. Off where the country matrix says so."""

from typing import ClassVar

from apps.core import phone
from apps.escalation.channel import Channel, ChannelError, Handed
from apps.escalation.models import Page
from apps.messaging import twilio_voice
from apps.messaging.twilio_voice import CallRefused
from apps.staff.models import User


class VoiceChannel(Channel):
    """What the call says, and what becomes of its keys, stands in `conversations/views_voice.py`."""

    name: ClassVar[str] = "voice"
    carries: ClassVar[str] = "voice"
    wakes: ClassVar[bool] = True
    confirms: ClassVar[bool] = True
    is_by_number: ClassVar[bool] = True

    @classmethod
    def problems(cls) -> list[str]:
        return twilio_voice.problems()

    def reaches(self, person: User) -> bool:
        number = phone.normalise(person.phone) if person.phone and twilio_voice.is_set_up() else None
        return number is not None and twilio_voice.may_call(number.country)

    def hand_over(self, page: Page) -> Handed:
        number = phone.normalise(page.person.phone)
        if number is None or not self.reaches(page.person):
            raise ChannelError("no_mobile", permanent=True)
        try:
            sid = twilio_voice.voice().call(to=number.e164, path=f"/voice/page/{page.pk}/")
        except CallRefused as error:
            raise ChannelError(error.code, permanent=error.permanent, is_outage=error.is_outage) from None
        return Handed(accepted=True, provider_id=sid)

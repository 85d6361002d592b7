"""The work list. It is there when somebody looks, and wakes nobody."""

from typing import ClassVar

from apps.escalation.channel import Channel, Handed
from apps.escalation.models import Page
from apps.staff.models import User


class ConsoleChannel(Channel):
    name: ClassVar[str] = "console"
    carries: ClassVar[str] = "console"
    wakes: ClassVar[bool] = False
    confirms: ClassVar[bool] = False
    is_local: ClassVar[bool] = True
    is_there: ClassVar[bool] = True

    def reaches(self, person: User) -> bool:
        return person.is_active

    def hand_over(self, page: Page) -> Handed:
        return Handed(accepted=True)

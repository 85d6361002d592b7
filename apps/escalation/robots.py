"""What the robots of group chats have in common: a page is shown to a group, and nobody confirms that it arrived."""

import json
from typing import Any, ClassVar

from apps.core import phone
from apps.escalation import http
from apps.escalation.channel import Channel, ChannelError, Handed
from apps.escalation.endpoints import endpoint_of
from apps.escalation.models import Endpoint, Page
from apps.escalation.texts import text_of
from apps.staff.models import User


class RobotChannel(Channel):
    """It wakes nobody by our count: what is not confirmed must not hold up the next person."""

    wakes: ClassVar[bool] = False
    confirms: ClassVar[bool] = False
    content_type: ClassVar[str] = "application/json"
    retried: ClassVar[frozenset[int]]  # `errcode`s that may pass by themselves

    def address(self, robot: Endpoint) -> str:
        plain: str = robot.address
        return plain

    def message(self, text: str, person: User) -> dict[str, Any]:
        """The robot's own form of a text that names this person."""
        raise NotImplementedError

    def reaches(self, person: User) -> bool:
        return endpoint_of(person, channel=self.name) is not None

    def hand_over(self, page: Page) -> Handed:
        robot = endpoint_of(page.person, channel=self.name, site=page.escalation.site)
        if robot is None:
            raise ChannelError("no_robot", permanent=True)
        message = self.message(text_of(page).text, page.person)
        body = json.dumps(message, ensure_ascii=False).encode()
        answer = http.json_of(http.post(self.address(robot), body=body, headers={"Content-Type": self.content_type}))
        if (code := answer.get("errcode")) != 0:
            raise ChannelError(f"errcode_{code}", permanent=code not in self.retried)
        return Handed(accepted=True)


def mainland_mobile(person: User) -> list[str]:
    """The person's mobile as robots name people, without +86; none for a number from elsewhere."""
    number = phone.normalise(person.phone) if person.phone else None
    return [number.e164.removeprefix("+86")] if number is not None and number.country == "CN" else []

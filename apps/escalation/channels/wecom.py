"""A robot in a WeCom group. It shows the page on every phone of the group, but nobody confirms that it arrived.

Source: developer.work.weixin.qq.com/document/path/91770 (POST JSON, `errcode` 0 is success, 20 messages a minute for each robot).
"""

import json
from typing import ClassVar

from apps.core import phone
from apps.escalation import http
from apps.escalation.channel import Channel, ChannelError, Handed
from apps.escalation.endpoints import endpoint_of
from apps.escalation.models import Page
from apps.escalation.texts import text_of
from apps.staff.models import User

_TOO_OFTEN = frozenset({45009, -1})


class WeComChannel(Channel):
    """It wakes nobody by our count: what is not confirmed must not hold up the next person."""

    name: ClassVar[str] = "wecom"
    carries: ClassVar[str] = "wecom"
    wakes: ClassVar[bool] = False
    confirms: ClassVar[bool] = False

    def reaches(self, person: User) -> bool:
        return endpoint_of(person, channel=self.name) is not None

    def hand_over(self, page: Page) -> Handed:
        robot = endpoint_of(page.person, channel=self.name, site=page.escalation.site)
        if robot is None:
            raise ChannelError("no_robot", permanent=True)
        text = {"content": text_of(page).text, "mentioned_mobile_list": mainland_mobile(page.person)}
        body = json.dumps({"msgtype": "text", "text": text}, ensure_ascii=False).encode()
        answer = http.json_of(http.post(robot.address, body=body, headers={"Content-Type": "application/json"}))
        check(answer, retried=_TOO_OFTEN)
        return Handed(accepted=True)


def mainland_mobile(person: User) -> list[str]:
    """The person's mobile as both robots name people, without +86; none for a number from elsewhere."""
    number = phone.normalise(person.phone) if person.phone else None
    return [number.e164.removeprefix("+86")] if number is not None and number.country == "CN" else []


def check(answer: dict[str, object], *, retried: frozenset[int]) -> None:
    """Raises ChannelError unless the robot took it."""
    code = answer.get("errcode")
    if code != 0:
        raise ChannelError(f"errcode_{code}", permanent=code not in retried)

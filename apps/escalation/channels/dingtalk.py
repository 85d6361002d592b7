"""A robot in a DingTalk group, with a signed address. It shows the page on every phone of the group; nobody confirms it.

Source: open.dingtalk.com/document/robots/custom-robot-access and …/customize-robot-security-settings (`timestamp` in milliseconds,
`sign` = base64 of HMAC-SHA256 over timestamp, a line feed and the secret, by the secret; 20 messages a minute for each robot).
"""

import base64
import hashlib
import hmac
import json
from typing import ClassVar
from urllib.parse import urlencode

from apps.core import clock
from apps.escalation import http
from apps.escalation.channel import Channel, ChannelError, Handed
from apps.escalation.channels.wecom import check, mainland_mobile
from apps.escalation.endpoints import endpoint_of
from apps.escalation.models import Page
from apps.escalation.texts import text_of
from apps.staff.models import User

_TOO_OFTEN = frozenset({130101, 410100, -1})


class DingTalkChannel(Channel):
    """It wakes nobody by our count: what is not confirmed must not hold up the next person."""

    name: ClassVar[str] = "dingtalk"
    carries: ClassVar[str] = "dingtalk"
    wakes: ClassVar[bool] = False
    confirms: ClassVar[bool] = False

    def reaches(self, person: User) -> bool:
        return endpoint_of(person, channel=self.name) is not None

    def hand_over(self, page: Page) -> Handed:
        robot = endpoint_of(page.person, channel=self.name, site=page.escalation.site)
        if robot is None:
            raise ChannelError("no_robot", permanent=True)
        at = {"atMobiles": mainland_mobile(page.person), "isAtAll": False}
        message = {"msgtype": "text", "text": {"content": text_of(page).text}, "at": at}
        body = json.dumps(message, ensure_ascii=False).encode()
        address = signed(robot.address, robot.secret)
        answer = http.json_of(http.post(address, body=body, headers={"Content-Type": "application/json;charset=utf-8"}))
        check(answer, retried=_TOO_OFTEN)
        return Handed(accepted=True)


def signed(address: str, secret: str) -> str:
    """The robot's address with the time and the signature; as it is where the robot was set up without a secret."""
    if not secret:
        return address
    stamp = str(int(clock.machine().timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    joined = "&" if "?" in address else "?"
    return f"{address}{joined}{urlencode({'timestamp': stamp, 'sign': base64.b64encode(digest).decode()})}"

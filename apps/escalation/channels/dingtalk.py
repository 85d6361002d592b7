"""A robot in a DingTalk group, with a signed address. It shows the page on every phone of the group; nobody confirms it.

Source: open.dingtalk.com/document/robots/custom-robot-access and …/customize-robot-security-settings (`timestamp` in milliseconds,
`sign` = base64 of HMAC-SHA256 over timestamp, a line feed and the secret, by the secret; 20 messages a minute for each robot).
"""

import base64
import hashlib
import hmac
from typing import Any, ClassVar
from urllib.parse import urlencode

from apps.core import clock
from apps.escalation.models import Endpoint
from apps.escalation.robots import RobotChannel, mainland_mobile
from apps.staff.models import User


class DingTalkChannel(RobotChannel):
    """The robot's address holds its key; a secret signs the time."""

    name: ClassVar[str] = "dingtalk"
    carries: ClassVar[str] = "dingtalk"
    content_type: ClassVar[str] = "application/json;charset=utf-8"
    retried: ClassVar[frozenset[int]] = frozenset({130101, 410100, -1})

    def address(self, robot: Endpoint) -> str:
        return signed(robot.address, robot.secret)

    def message(self, text: str, person: User) -> dict[str, Any]:
        at = {"atMobiles": mainland_mobile(person), "isAtAll": False}
        return {"msgtype": "text", "text": {"content": text}, "at": at}


def signed(address: str, secret: str) -> str:
    """The robot's address with the time and the signature; as it is where the robot was set up without a secret."""
    if not secret:
        return address
    stamp = str(int(clock.machine().timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    joined = "&" if "?" in address else "?"
    return f"{address}{joined}{urlencode({'timestamp': stamp, 'sign': base64.b64encode(digest).decode()})}"

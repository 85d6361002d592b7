"""A robot in a WeCom group. It shows the page on every phone of the group, but nobody confirms that it arrived.

Source: developer.work.weixin.qq.com/document/path/91770 (POST JSON, `errcode` 0 is success, 20 messages a minute for each robot).
"""

from typing import Any, ClassVar

from apps.escalation.robots import RobotChannel, mainland_mobile
from apps.staff.models import User


class WeComChannel(RobotChannel):
    """The robot's address holds its key."""

    name: ClassVar[str] = "wecom"
    carries: ClassVar[str] = "wecom"
    retried: ClassVar[frozenset[int]] = frozenset({45009, -1})

    def message(self, text: str, person: User) -> dict[str, Any]:
        return {"msgtype": "text", "text": {"content": text, "mentioned_mobile_list": mainland_mobile(person)}}

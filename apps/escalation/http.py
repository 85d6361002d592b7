"""One POST of JSON to a robot, a pager or a call provider. Addresses hold keys, so none of them ever stands in an error."""

from collections.abc import Mapping
from typing import Any

import requests

from apps.escalation.channel import ChannelError
from apps.escalation.endpoints import is_loopback

_TIMEOUT = (3.05, 5.0)  # seconds to connect, and for each read: a page that hangs holds up the pages behind it


def post(address: str, *, body: bytes, headers: Mapping[str, str]) -> requests.Response:
    """The answer, whatever its status below 500 and other than 429. Raises ChannelError."""
    with requests.Session() as session:
        session.trust_env = not is_loopback(address)  # a proxy variable would divert the call
        try:
            answer = session.post(address, data=body, headers=dict(headers), timeout=_TIMEOUT, allow_redirects=False)
        except requests.Timeout:
            raise ChannelError("timeout", is_outage=True) from None
        except requests.RequestException:
            raise ChannelError("no_connection", is_outage=True) from None
    if answer.status_code == 429:
        raise ChannelError("http_429")
    if answer.status_code >= 500:
        raise ChannelError(f"http_{answer.status_code}", is_outage=True)
    return answer


def json_of(answer: requests.Response) -> dict[str, Any]:
    """The answer's JSON object. Raises ChannelError."""
    if answer.status_code != 200:
        raise ChannelError(f"http_{answer.status_code}", permanent=True)
    try:
        found = answer.json()
    except ValueError:
        raise ChannelError("bad_answer") from None
    if not isinstance(found, dict):
        raise ChannelError("bad_answer")
    return found

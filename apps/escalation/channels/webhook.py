"""A site's own pager, told by a signed POST. It may hold links: one to say that the page arrived, one to take it.

The pager checks `X-Trialcare-Signature: v1=<hex HMAC-SHA256 of "<X-Trialcare-Timestamp>.<body>" by the shared secret>`, refuses a time
more than five minutes away, drops an `id` that it has seen, answers 2xx, and posts to `delivered` when the person's device has the page.
"""

import hashlib
import hmac
import json
from typing import ClassVar

from apps.core import clock
from apps.escalation import http
from apps.escalation.channel import Channel, ChannelError, Handed
from apps.escalation.endpoints import endpoint_of
from apps.escalation.links import link_for, receipt_for
from apps.escalation.models import Page
from apps.escalation.texts import text_of
from apps.escalation.vocabulary import PageKind
from apps.staff.models import User


class WebhookChannel(Channel):
    name: ClassVar[str] = "webhook"
    carries: ClassVar[str] = "webhook"
    wakes: ClassVar[bool] = True
    confirms: ClassVar[bool] = True

    def reaches(self, person: User) -> bool:
        pager = endpoint_of(person, channel=self.name)
        return pager is not None and bool(pager.secret)

    def hand_over(self, page: Page) -> Handed:
        pager = endpoint_of(page.person, channel=self.name, site=page.escalation.site)
        if pager is None or not pager.secret:
            raise ChannelError("no_pager", permanent=True)
        body = json.dumps(message_of(page), ensure_ascii=False).encode()
        answer = http.post(pager.address, body=body, headers=signature(body, pager.secret))
        if not 200 <= answer.status_code < 300:
            raise ChannelError(f"http_{answer.status_code}", permanent=True)
        return Handed(accepted=True)


def message_of(page: Page) -> dict[str, object]:
    """What a pager learns: whom to wake, by the login name that the site knows; a reference, a level, a code and two links."""
    running = page.escalation
    return {
        "id": str(page.pk),
        "ref": running.ref,
        "level": running.chain,
        "test": running.is_drill,
        "person": page.person.username,
        "text": text_of(page).text,
        "code": page.code,
        "delivered": receipt_for(page),
        "acknowledge": link_for(page) if page.kind == PageKind.PAGE else "",
    }


def signature(body: bytes, secret: str) -> dict[str, str]:
    stamp = str(int(clock.machine().timestamp()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Trialcare-Timestamp": stamp,
        "X-Trialcare-Signature": f"v1={digest}",
    }

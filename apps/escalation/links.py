"""Signed addresses about one page: by the link in an e-mail its receiver takes it, once and for some hours; by the receipt a site's own
pager says that it has arrived."""

from django.conf import settings
from django.core import signing

from apps.core.work import seconds
from apps.escalation.models import Page
from apps.staff.services import is_valid

_SALT = "escalation.acknowledge"
_RECEIPT = "escalation.receipt"
VALID_FOR = 6 * 3600.0


class BadLink(Exception):
    """The link is not ours, has expired, was used already, or its receiver's account has ended."""


def link_for(page: Page) -> str:
    """The address to put into an e-mail. Opening it only asks; pressing its button takes the page, since mail scanners open links."""
    return f"{settings.PUBLIC_BASE_URL}/ack/{token_for(page)}/"


def receipt_for(page: Page) -> str:
    """The address to which a pager posts when the page is on the person's device. It takes nothing."""
    return f"{settings.PUBLIC_BASE_URL}/page/{signing.dumps(str(page.pk), salt=_RECEIPT)}/delivered/"


def received_by(token: str) -> Page:
    """The page that a receipt is about. Raises BadLink."""
    try:
        key = signing.loads(token, salt=_RECEIPT, max_age=seconds(VALID_FOR))
    except signing.BadSignature:
        raise BadLink from None
    page = Page.objects.filter(pk=key).first()
    if page is None:
        raise BadLink
    return page


def token_for(page: Page) -> str:
    return signing.dumps(str(page.pk), salt=_SALT)


def page_of(token: str) -> Page:
    """The page that a link belongs to. Raises BadLink."""
    try:
        key = signing.loads(token, salt=_SALT, max_age=seconds(VALID_FOR))
    except signing.BadSignature:
        raise BadLink from None
    page = Page.objects.select_related("escalation", "person").filter(pk=key, link_used_at__isnull=True).first()
    if page is None or not is_valid(page.person):
        raise BadLink
    return page

"""What channels need to know of a site or a person besides a phone: a robot's or a pager's address, a PIN for calls."""

import re
from itertools import pairwise
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from apps.core import clock
from apps.escalation.models import Endpoint, VoicePin
from apps.escalation.vocabulary import EndpointRule
from apps.staff.models import User
from apps.staff.services import is_valid, scope
from apps.staff.vocabulary import TRIAL_ROLES
from apps.trials.models import Site
from apps.vault.services import create_data_key

_PIN = re.compile(r"[0-9]{4,8}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# A robot's address holds its key; only these hosts are ever given it.
_HOSTS = {"wecom": "qyapi.weixin.qq.com", "dingtalk": "oapi.dingtalk.com"}


# Channels that need an endpoint. A pager's page is signed; a robot's key is its address, and DingTalk may sign besides.
ENDPOINT_CHANNELS = ("wecom", "dingtalk", "webhook")
_SIGNED = frozenset({"webhook"})


class BadEndpoint(Exception):
    """The address or the secret is refused. `rule.label` says why to people, and never repeats them."""

    def __init__(self, rule: EndpointRule) -> None:
        super().__init__(rule.value)
        self.rule = rule


class BadPin(Exception):
    """A PIN is four to eight digits, not all the same and not in sequence."""


@transaction.atomic
def set_endpoint(*, site: Site | None, channel: str, address: str, secret: str = "") -> Endpoint:
    """Where this channel reaches a site (at None: the duty desk). Raises BadEndpoint."""
    _check(channel, address, secret)
    endpoint = Endpoint.objects.filter(site=site, channel=channel).first()
    if endpoint is None:
        endpoint = Endpoint(site=site, channel=channel, data_key=create_data_key())
    endpoint.address, endpoint.secret, endpoint.is_active = address, secret, True
    endpoint.save()
    return endpoint


@transaction.atomic
def remove_endpoint(*, endpoint: Endpoint) -> None:
    endpoint.address, endpoint.secret, endpoint.is_active = "", "", False
    endpoint.save()


def endpoint_of(person: User, *, channel: str, site: Site | None = None) -> Endpoint | None:
    """Where this channel reaches a person: at the given site if they belong to it, else at their own, else at the duty desk.

    A robot of a site is seen by that site's people, so nobody from elsewhere is paged by it.
    """
    seen = scope(person)
    own = Endpoint.objects.filter(channel=channel, is_active=True).select_related("data_key")
    if seen.roles & TRIAL_ROLES and (desk := own.filter(site=None).first()) is not None:
        return desk
    here = own.filter(site__in=seen.sites).order_by("site__code")
    return (here.filter(site=site).first() if site is not None else None) or here.first()


def has_voice_pin(person: User) -> bool:
    return VoicePin.objects.filter(person=person).exists()


def endpoint_for(*, site: Site | None, channel: str) -> Endpoint | None:
    return Endpoint.objects.filter(site=site, channel=channel, is_active=True).first()


def is_loopback(address: str) -> bool:
    return (urlsplit(address).hostname or "") in _LOOPBACK


def endpoints_of(*, site: Site | None) -> dict[str, Endpoint]:
    """What is set up at a site (at None: at the duty desk), by channel."""
    rows = Endpoint.objects.filter(site=site, is_active=True).select_related("data_key")
    return {row.channel: row for row in rows}


def host_of(endpoint: Endpoint) -> str:
    """All of an address that may be shown: the end of its host's name. The rest may be a key."""
    return ".".join((urlsplit(endpoint.address).hostname or "").split(".")[-2:])


def _check(channel: str, address: str, secret: str) -> None:
    if channel in _SIGNED and not secret:
        raise BadEndpoint(EndpointRule.SECRET_MISSING)
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        raise BadEndpoint(EndpointRule.NOT_HTTPS) from None
    # A provider's stand-in on the same machine; in production a page never goes to a service of our own.
    if host in _LOOPBACK and parts.scheme in ("http", "https") and not settings.PRODUCTION:
        return
    if parts.scheme != "https" or not host or host in _LOOPBACK or parts.username or parts.password:
        raise BadEndpoint(EndpointRule.NOT_HTTPS)
    if host != _HOSTS.get(channel, host):
        raise BadEndpoint(EndpointRule.WRONG_HOST)


@transaction.atomic
def set_voice_pin(*, person: User, pin: str) -> None:
    """The digits with which this person takes a page on the phone. Raises BadPin."""
    if not _PIN.fullmatch(pin):
        raise BadPin
    steps = {int(later) - int(earlier) for earlier, later in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        raise BadPin
    VoicePin.objects.update_or_create(person=person, defaults={"hashed": make_password(pin), "set_at": clock.now()})


def is_voice_pin(*, person: User, pin: str) -> bool:
    """Whether these are the person's own digits. An account that has ended has none."""
    kept = VoicePin.objects.filter(person=person).first()
    return kept is not None and is_valid(person) and check_password(pin, kept.hashed)

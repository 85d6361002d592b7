"""Which gateways run here, and which of them serves a country."""

import os
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from apps.core.registry import Folder
from apps.messaging.gateway import Capability, SmsGateway

GATEWAYS: Folder[SmsGateway] = Folder("apps.messaging.gateways", base=SmsGateway)  # type: ignore[type-abstract]


class NotEnabled(Exception):
    """No gateway of that name runs here."""


@dataclass(frozen=True)
class Route:
    """The way to a country: a gateway and what it can do there."""

    gateway: SmsGateway
    capability: Capability


def enabled() -> list[str]:
    """Names of the gateways that run here, first choice first."""
    return list(settings.SMS_GATEWAY)


def gateway(name: str) -> SmsGateway:
    """This process's instance. Raises NotEnabled for one that does not run here, ImproperlyConfigured for wrong settings."""
    if name not in enabled() or name not in GATEWAYS.classes:
        raise NotEnabled(name[:20])
    # The pump runs urgent rows in the worker's first process, whose children must not share its open connections.
    return _made(name, os.getpid())


@lru_cache(maxsize=16)
def _made(name: str, _pid: int) -> SmsGateway:
    return GATEWAYS[name].configured()


def forget() -> None:
    """Make gateways afresh at the next use, because settings have changed."""
    _made.cache_clear()


def to_country(country: str) -> Route | None:
    """The first enabled gateway with a row for the country; one that may send there wins over one whose row says why not."""
    found = [Route(each, row) for each in map(gateway, enabled()) if (row := each.capability(country)) is not None]
    return next((route for route in found if not route.capability.refused), found[0] if found else None)

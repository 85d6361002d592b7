"""Start-up checks: a gateway that could not send, or would trust anybody, stops the program before the first text."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from apps.core import work
from apps.messaging import routes


@register()
def gateways_can_run(**_: Any) -> list[CheckMessage]:
    """Every enabled gateway exists and its settings allow it. No secret in the messages."""
    found: list[CheckMessage] = []
    for name in routes.enabled():
        if name not in routes.GATEWAYS.classes:
            known = ", ".join(routes.GATEWAYS.names)
            found.append(Error(f"SMS_GATEWAY names {name!r}, which is none of {known}", id="messaging.E001"))
            continue
        found += (Error(problem, id="messaging.E002") for problem in routes.GATEWAYS[name].problems())
    return found


@register()
def calls_end_before_leases(**_: Any) -> list[CheckMessage]:
    """Connecting and reading both may take a provider's whole time-out, and the lease must outlive them."""
    slow = [name for name, gateway in routes.GATEWAYS.classes.items() if not 2 * gateway.timeout < work.LEASE]
    return [Error(f"gateway {name}: a call may outlive the lease", id="messaging.E003") for name in slow]

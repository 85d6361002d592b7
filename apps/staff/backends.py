"""Signing in with a password: an expired account is refused, and its login sessions end."""

from ipaddress import ip_address

from axes.utils import reset
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from apps.staff.models import User
from apps.staff.services import is_valid


class StaffBackend(ModelBackend):
    """Asked at sign-in and again at every request, so that an account which expires overnight is out by morning."""

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        return isinstance(user, User) and is_valid(user)


# Signatures count by themselves: tries of one's own password under a signature never close the way to sign in, nor the other way round.
_AT_A_SIGNATURE = "::"


def proves(user: User, password: str) -> bool:
    """It is this person's own password. A wrong one counts and is logged like a failed sign-in, and after as many none is taken as long.

    Call it outside a transaction that a refusal rolls back: the count would go with it.
    """
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = _AT_A_SIGNATURE
    found = authenticate(request, username=user.username, password=password)
    if found is not None:
        reset(username=user.username, ip=_AT_A_SIGNATURE)
    return found is not None


def client_address(request: HttpRequest) -> str:
    """Where an attempt to sign in comes from. In production that is what the proxy in front of us wrote last: every peer is the
    proxy there, and on that address a stranger would lock out the person whose name they try. What stands before it anybody may write.
    """
    seen = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip() if settings.PRODUCTION else ""
    try:
        return str(ip_address(seen))
    except ValueError:
        return str(request.META.get("REMOTE_ADDR", ""))

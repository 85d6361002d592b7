"""Signing in with a password: an expired account is refused, and its login sessions end."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser

from apps.staff.models import User
from apps.staff.services import is_valid


class StaffBackend(ModelBackend):
    """Asked at sign-in and again at every request, so that an account which expires overnight is out by morning."""

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        return isinstance(user, User) and is_valid(user)

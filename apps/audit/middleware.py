"""Everything a signed-in person writes in a request is attributed to that person."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.audit.actors import acting


class ActingMiddleware:
    """Actor `user:<id>` for a signed-in person, `web` for everybody else (a provider's POST, the login form)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor = f"user:{request.user.pk}" if request.user.is_authenticated else "web"
        with acting(actor=actor, request_id=uuid.uuid4().hex):
            return self.get_response(request)

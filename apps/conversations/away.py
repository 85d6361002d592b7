"""What a person is told while the database is away: that nothing was recorded, and what to do instead. It needs no database."""

import logging
from collections.abc import Callable

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

log = logging.getLogger(__name__)

_TRY_AGAIN = "60"  # seconds: a person does, not a provider


def say_away(_request: HttpRequest) -> HttpResponse:
    """503, in both languages, since nobody can be asked for theirs."""
    page = render_to_string("both_languages.html", {"words": "away_words.html"})
    answer = HttpResponse(page, status=503, headers={"Retry-After": _TRY_AGAIN})
    answer["Referrer-Policy"] = "no-referrer"  # the address may be a key
    add_never_cache_headers(answer)
    return answer


class AwayMiddleware:
    """Whose browser is signed in is asked of the database before any page is reached, also on pages that need no sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            _ = request.user.is_authenticated  # kept by the request: whoever asks again asks no database
        except Error as error:
            log.error("nobody could be recognised", extra={"error": type(error).__name__})
            return say_away(request)
        return self.get_response(request)

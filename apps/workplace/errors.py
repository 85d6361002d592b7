"""What a person reads when a page is refused or breaks: in both languages, without the database, and nothing of what was asked."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

_FORBIDDEN = 403
_TOO_MANY = 429
_STALE = "stale"  # a form from before another sign-in


def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django names it
    return _said(400)


def not_allowed(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django names it
    return _said(_FORBIDDEN)


def not_found(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django names it
    return _said(404)


def broken(_request: HttpRequest) -> HttpResponse:
    return _said(500)


def too_old(_request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - the same
    """Signing in makes a new secret for forms, also for the pages that stand open in another window."""
    return _said(_FORBIDDEN, words=_STALE)


def locked_out(_request: HttpRequest, _answer: HttpResponse | None, _tried: object) -> HttpResponse:
    """Too many wrong passwords for this name from this address."""
    return _said(_TOO_MANY)


def _said(status: int, *, words: int | str = "") -> HttpResponse:
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    values = {"words": "error_words.html", "status": words or status, "minutes": minutes}
    answer = HttpResponse(render_to_string("both_languages.html", values), status=status)
    answer["Referrer-Policy"] = "no-referrer"  # the address may be a key
    add_never_cache_headers(answer)
    return answer

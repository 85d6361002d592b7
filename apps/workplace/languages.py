"""Which language a page speaks: the person's own, kept with the account; before signing in, the one chosen last."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.staff.models import User
from apps.staff.services import set_language

# The product says zh-Hans (decision 43), Django's translations are keyed in lower case.
_DJANGO = {"en": "en", "zh-Hans": "zh-hans"}
_OURS = {django: ours for ours, django in _DJANGO.items()}
_A_YEAR = 365 * 86400


def of(request: HttpRequest) -> str:
    """Django's name of the language of this request's person."""
    if isinstance(request.user, User):
        return _DJANGO.get(request.user.language, "en")
    return translation.get_language() or settings.LANGUAGE_CODE


def remember(response: HttpResponse, language: str) -> None:
    """For the sign-in page of the same browser."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=_A_YEAR, samesite="Lax", httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """POST `language` (en or zh-hans) and `next`, a page of ours to return to."""
    language, wanted = request.POST.get("language", ""), request.POST.get("next", "")
    home = wanted if wanted and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"
    response = HttpResponseRedirect(home, status=303)
    if language in _OURS:
        if isinstance(request.user, User):
            set_language(user=request.user, language=_OURS[language])
        remember(response, language)
    return response

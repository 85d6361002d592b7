"""The front door, and what the address table needs from this floor."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from apps.workplace.languages import choose as set_language
from apps.workplace.phone import phone, phone_state, phone_text

__all__ = ["front_door", "phone", "phone_state", "phone_text", "set_language"]


def front_door(_request: HttpRequest) -> HttpResponse:
    """Staff work in the admin; there is nothing else to see here."""
    return HttpResponseRedirect("/admin/")

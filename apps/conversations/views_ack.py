"""Addresses that are keys in themselves: the link in an e-mail, a pager's receipt, a person's duty calendar.

Opening the link only asks, since mail scanners open links; its button takes the page, once.
"""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.services import acting
from apps.conversations import services as conversations
from apps.conversations.away import say_away
from apps.conversations.views import or_not_now
from apps.escalation import feed
from apps.escalation import services as escalation
from apps.escalation.links import BadLink, page_of
from apps.escalation.models import Page
from apps.escalation.texts import language_of, local_time, phone_for_closed
from apps.escalation.vocabulary import Via

_TEMPLATE = "escalation/acknowledge.html"


@never_cache
@require_http_methods(["GET", "POST"])
@or_not_now("link", says=say_away)
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """Who holds the link is the person whom the e-mail was sent to: it is long, random, signed, and works once."""
    try:
        page = page_of(token)
        said = _take(token, page) if request.method == "POST" else _what_to_say(page, is_taken=False)
    except BadLink:
        return _no_referrer(render(request, _TEMPLATE, {"stage": "bad"}, status=410))
    with override(language_of(page.person).lower()):
        return _no_referrer(render(request, _TEMPLATE, said))


@never_cache
@require_safe
@or_not_now("calendar")
def duty_calendar(_request: HttpRequest, token: str) -> HttpResponse:
    """The person's own shifts, for a phone's calendar. 404 for a wrong address and for an account that has ended."""
    person = feed.person_of(token)
    if person is None:
        return HttpResponse(status=404)
    return _no_referrer(HttpResponse(feed.calendar(person), content_type="text/calendar; charset=utf-8"))


def _take(token: str, page: Page) -> dict[str, Any]:
    """What is answered is read in the same transaction: who is told that nothing was recorded has taken nothing."""
    with acting(actor=f"user:{page.person_id}", reason="link in an e-mail"), transaction.atomic():
        page = escalation.use_link(token=token)
        conversations.take(running=page.escalation, person=page.person, via=Via.LINK)
        return _what_to_say(page, is_taken=True)


def _what_to_say(page: Page, *, is_taken: bool) -> dict[str, Any]:
    running = page.escalation
    running.refresh_from_db()
    unopened = running.answered_unopened
    holder = None if unopened else running.acknowledged_by
    values: dict[str, Any] = {"stage": "ask", "ref": running.ref, "is_drill": running.is_drill, "holder": holder}
    if is_taken and unopened:
        values |= {"stage": "closed", "phone": phone_for_closed(running, page.person)}
    elif is_taken:
        values["stage"] = "yours" if holder == page.person else "others"
        values["since"] = local_time(running, running.acknowledged_at) if running.acknowledged_at else ""
    return values


def _no_referrer(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"  # the address is a key
    return response

"""The phone simulator: everybody's handset as a chat, for the demo. It exists only with SMS_GATEWAY=phone outside production.

A text typed here is posted by the simulator's gateway, signed, and received on the same path as a provider's.
"""

import json
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.core import phone as numbers
from apps.messaging import services as messaging
from apps.messaging.gateways.phone import PhoneGateway
from apps.messaging.models import InboundMessage, Line, OutboundMessage
from apps.messaging.routes import gateway
from apps.messaging.vocabulary import HANDED_OVER
from apps.participants.models import ContactPoint
from apps.participants.vocabulary import ContactKind
from apps.staff.models import User
from apps.vault.services import phone_indexes

UNKNOWN = "+61491570159"
_LONGEST = 1600
_SHOWN = 60


def is_open() -> bool:
    return [PhoneGateway.name] == settings.SMS_GATEWAY and not settings.PRODUCTION


def _only_in_a_demo(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not is_open():
            raise Http404
        return view(request)

    return guarded


@require_GET
@_only_in_a_demo
def phone(request: HttpRequest) -> HttpResponse:
    """The page with every handset."""
    return render(request, "phone/page.html", {"longest": _LONGEST})


@require_GET
@_only_in_a_demo
def phone_state(request: HttpRequest) -> HttpResponse:
    """JSON: `handsets`, and the texts of the one that `number` names. Times are local to the trial."""
    wanted = request.GET.get("number", "")
    handsets = _handsets()
    chosen = next((each for each in handsets if each["number"] == wanted), handsets[0])
    return JsonResponse({"handsets": handsets, "chosen": chosen["number"], "texts": _texts(chosen["number"])})


@require_POST
@_only_in_a_demo
def phone_text(request: HttpRequest) -> HttpResponse:
    """JSON `{number, text}`: a text from that handset. 400 for a number that is none of the handsets."""
    try:
        said: Any = json.loads(request.body)
        number, text = str(said["number"]), str(said["text"])[:_LONGEST]
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"refused": "JSON"}, status=400)
    if not text.strip() or number not in {each["number"] for each in _handsets()}:
        return JsonResponse({"refused": "number or text"}, status=400)
    simulator = gateway(PhoneGateway.name)
    if not isinstance(simulator, PhoneGateway):
        raise Http404
    callback = simulator.posted_text(sender=number, text=text)
    if not simulator.verify(callback).ok:
        return JsonResponse({"refused": "signature"}, status=403)
    messaging.receive(gateway=simulator, callback=callback)
    return JsonResponse({"ok": True}, status=201)


def _handsets() -> list[dict[str, str]]:
    """Participants and their caregivers, staff, and one that nobody knows. A shared phone stands once, with both names."""
    found: dict[str, dict[str, str]] = {}
    points = ContactPoint.objects.filter(ended_at__isnull=True).select_related("line__data_key", "participant")
    for point in points.order_by("participant__code", "-kind"):
        group = "participants" if point.kind == ContactKind.PARTICIPANT else "caregivers"
        _put(found, point.line.number, point.participant.code, group, point.participant.language)
    for person in (
        User.objects.filter(is_active=True).exclude(phone_index=b"").select_related("data_key").order_by("name")
    ):
        _put(found, person.phone, person.name, "staff", person.language)
    unknown = next((each for each in (UNKNOWN, "+12025550198") if each not in found), UNKNOWN)
    _put(found, unknown, _("unknown number"), "unknown", "")
    return list(found.values())


def _put(found: dict[str, dict[str, str]], number: str, name: str, group: str, language: str) -> None:
    if number in found:
        found[number]["name"] += f" + {name}"
    else:
        found[number] = {"number": number, "name": name, "group": group, "language": language}


def _texts(number: str) -> list[dict[str, Any]]:
    parsed = numbers.normalise(number)
    rows = Line.objects.filter(index__in=phone_indexes(parsed.e164)) if parsed else Line.objects.none()
    line = rows.first()
    if line is None:
        return []
    texts = [*_typed(line), *_arrived(line)]
    return [_shown(*each) for each in sorted(texts, key=lambda each: each[0])[-_SHOWN:]]


def _typed(line: Line) -> list[tuple[datetime, bool, str, str]]:
    rows = InboundMessage.objects.filter(line=line).select_related("data_key").order_by("-received_at")[:_SHOWN]
    return [(row.received_at, True, row.body, str(row.get_disposition_display())) for row in rows]


def _arrived(line: Line) -> list[tuple[datetime, bool, str, str]]:
    """Only what was handed over has reached a phone."""
    rows = OutboundMessage.objects.filter(line=line, state__in=HANDED_OVER).select_related("data_key")
    return [
        (row.handed_over_at or row.planned_at, False, row.text, str(row.get_state_display()))
        for row in rows.order_by("-planned_at")[:_SHOWN]
    ]


def _shown(at: datetime, is_mine: bool, text: str, state: str) -> dict[str, Any]:
    return {"at": f"{timezone.localtime(at):%m-%d %H:%M:%S}", "mine": is_mine, "text": text, "state": state}

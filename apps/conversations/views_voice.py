"""What a page says on the phone, and what becomes of the keys; and the receipts of pagers.

Every address checks who calls before it reads anything: Twilio's signature, Alibaba Cloud's secret in the path, our own signed token.
"""

import json
from functools import wraps
from uuid import UUID

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.twiml.voice_response import Gather, VoiceResponse

from apps.audit.services import acting
from apps.conversations import services as conversations
from apps.conversations.views import View, callback_of, or_not_now
from apps.core import wording
from apps.escalation import paging
from apps.escalation import services as escalation
from apps.escalation.channels import aliyun_voice
from apps.escalation.endpoints import has_voice_pin
from apps.escalation.links import BadLink, received_by
from apps.escalation.models import Page
from apps.escalation.texts import language_of, spelled
from apps.escalation.vocabulary import EscalationState, PageState, Via
from apps.messaging import services as messaging
from apps.messaging import twilio_voice
from apps.messaging.gateway import Kind

TRIES = 3
_NOT_TAKEN_UP = frozenset({"busy", "no-answer", "failed", "canceled"})
_PICKED_UP = frozenset({"in-progress", "answered", "completed"})
SPOKEN = {"en": "en-US", "zh-Hans": "zh-CN"}


def from_twilio(view: View) -> View:
    """Only a signed form about a call of our account comes through; everything else is counted and refused."""

    @csrf_exempt
    @require_POST
    @or_not_now("twilio_voice")
    @wraps(view)
    def guarded(request: HttpRequest, **parts: object) -> HttpResponse:
        if not twilio_voice.is_set_up():
            return HttpResponse(status=404)
        try:
            callback = callback_of(request, Kind.VOICE)
        except RequestDataTooBig:
            return HttpResponse(status=413)
        except (BadRequest, SuspiciousOperation, UnreadablePostError):
            return HttpResponse(status=400)
        verdict = twilio_voice.voice().verify(callback)
        if not verdict.ok:
            messaging.callback_refused(gateway="twilio_voice", reason=verdict.reason)
            return HttpResponse(status=403)
        return view(request, **parts)

    return guarded


def spoken(response: VoiceResponse) -> HttpResponse:
    return HttpResponse(str(response), content_type="text/xml")


def say(into: VoiceResponse | Gather, key: str, lang: str, *, times: int = 1, **known: str) -> None:
    """One text, spoken; `known` may hold more than the text has places for."""
    wanted = wording.message(key, lang=lang).placeholders
    values = {name: value for name, value in known.items() if name in wanted}
    into.say(wording.say(key, lang=lang, **values).text, language=SPOKEN.get(lang, "en-US"), loop=times)


# --- a page by Twilio


@from_twilio
def page_call(_request: HttpRequest, page: UUID) -> HttpResponse:
    """Somebody or something has picked up."""
    row = _page(page)
    paging.note_progress(row, PageState.DELIVERED)
    return spoken(_asked(row, attempt=1))


@from_twilio
def page_keys(request: HttpRequest, page: UUID) -> HttpResponse:
    """The keys that were pressed, or none in time."""
    row, attempt = _page(page), _attempt(request)
    if _is_over(row):
        return spoken(_closing(row, "voice_others"))
    if _take(row, request.POST.get("Digits", "")):
        return spoken(_closing(row, _outcome(row)))
    if attempt < TRIES:
        return spoken(_asked(row, attempt=attempt + 1))
    paging.nobody_took(row)
    return spoken(_closing(row, "voice_not_taken"))


@from_twilio
def page_status(request: HttpRequest, page: UUID) -> HttpResponse:
    """How the call went: picked up is delivered, and no more than that."""
    row, status = _page(page), request.POST.get("CallStatus", "")
    if status in _NOT_TAKEN_UP:
        paging.note_progress(row, PageState.FAILED, error=status)
    elif status in _PICKED_UP:
        paging.note_progress(row, PageState.DELIVERED)
    return HttpResponse(status=204)


def _page(key: UUID) -> Page:
    return get_object_or_404(Page.objects.select_related("escalation__site", "person"), pk=key, channel="voice")


def _attempt(request: HttpRequest) -> int:
    given = request.GET.get("try", "")
    return int(given) if given in {"1", "2", "3"} else TRIES


def _is_over(page: Page) -> bool:
    running = page.escalation
    wants_second = running.second_wanted and running.acknowledged_by_id != page.person_id
    return running.state != EscalationState.OPEN and not wants_second


def _asked(page: Page, *, attempt: int) -> VoiceResponse:
    lang, running = language_of(page.person), page.escalation
    if _is_over(page):
        return _closing(page, "voice_others")
    response = VoiceResponse()
    if not has_voice_pin(page.person):
        say(response, "voice_no_pin", lang, times=2, spelled=spelled(running.ref))
        return response
    gather = Gather(
        action=f"/voice/page/{page.pk}/keys/?try={attempt}", method="POST", finish_on_key="#", timeout=10,
        action_on_empty_result=True,
    )  # fmt: skip
    if attempt > 1:
        say(gather, "voice_again", lang)
    else:
        say(gather, "voice_drill" if running.is_drill else "voice_page", lang, times=2, spelled=spelled(running.ref))
    response.append(gather)
    return response


def _closing(page: Page, key: str) -> VoiceResponse:
    lang, response = language_of(page.person), VoiceResponse()
    say(response, key, lang, spelled=spelled(page.escalation.ref))
    response.hangup()
    return response


def _take(page: Page, keys: str) -> bool:
    with acting(actor=f"user:{page.person_id}", reason="PIN on the phone"), transaction.atomic():
        if not escalation.use_keys(page=page, keys=keys):
            return False
        conversations.take(running=page.escalation, person=page.person, via=Via.VOICE)
    return True


def _outcome(page: Page) -> str:
    running = page.escalation
    running.refresh_from_db()
    if running.is_drill:
        return "voice_noted"
    if (answered := running.answered_unopened) is not None and answered.person_id == page.person_id:
        return "voice_cannot_open"
    return "voice_yours" if running.acknowledged_by_id == page.person_id else "voice_others"


# --- a page by Alibaba Cloud


@csrf_exempt
@require_POST
@or_not_now("aliyun_voice")
def aliyun_reports(request: HttpRequest, token: str) -> HttpResponse:
    """Reports of calls that have ended, several at once. Keys that are the person's PIN take the page."""
    if not aliyun_voice.is_callback_token(token):
        messaging.callback_refused(gateway="aliyun_voice", reason="token")
        return HttpResponse(status=404)
    try:
        reports = json.loads(request.body)
    except (ValueError, RecursionError, RequestDataTooBig, UnreadablePostError):
        return HttpResponse(status=400)
    for report in reports if isinstance(reports, list) else [reports]:
        if isinstance(report, dict) and (page := aliyun_voice.page_of(report)) is not None:
            _reported(page, report)
    return JsonResponse({"code": 0, "msg": "OK"})


def _reported(page: Page, report: dict[str, object]) -> None:
    keys = aliyun_voice.keys_of(report)
    if keys and not _is_over(page) and _take(page, keys):
        return
    state = aliyun_voice.state_of(report)
    paging.note_progress(
        page, state, error=aliyun_voice.said(report, "status_code") if state == PageState.FAILED else ""
    )
    if state == PageState.DELIVERED and has_voice_pin(
        page.person
    ):  # as after a call by Twilio: voicemail hurries the next person
        paging.nobody_took(page)


# --- a site's own pager


@csrf_exempt
@require_POST
@or_not_now("webhook")
def page_delivered(_request: HttpRequest, token: str) -> HttpResponse:
    """The pager says that the page is on the person's device. It takes nothing."""
    try:
        page = received_by(token)
    except BadLink:
        return HttpResponse(status=410)
    paging.note_progress(page, PageState.DELIVERED)
    return HttpResponse(status=204)

"""A call to our number, as Twilio asks about it step by step. Whoever is put through must press a key: a voicemail presses none."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from apps.conversations import callers
from apps.conversations.models import PhoneCall
from apps.conversations.views_voice import from_twilio, say, spoken
from apps.conversations.vocabulary import CallState
from apps.core import phone
from apps.escalation.texts import language_of
from apps.messaging import twilio_voice

_RINGS = 20  # seconds for each person


@from_twilio
def call_arrived(request: HttpRequest) -> HttpResponse:
    """The emergency number comes first, then the people on call, one after the other."""
    call = callers.begin_call(provider_id=request.POST["CallSid"], sender=request.POST.get("From", ""))
    response = VoiceResponse()
    _tell(response, call, "caller_hello")
    _put_through(response, call, place=0)
    return spoken(response)


@from_twilio
def call_next(_request: HttpRequest, call: UUID, place: int) -> HttpResponse:
    """The person at this place did not answer, or the conversation is over."""
    row, response = _call(call), VoiceResponse()
    if row.state == CallState.ANSWERED:
        response.hangup()
    else:
        _put_through(response, row, place=place + 1)
    return spoken(response)


@from_twilio
def call_offered(_request: HttpRequest, call: UUID, place: int) -> HttpResponse:
    """Heard by the person who is being put through, before the two are joined."""
    row, response = _call(call), VoiceResponse()
    person = callers.person_at(row, place)
    if person is None or row.state != CallState.RINGING:
        response.hangup()
        return spoken(response)
    gather = Gather(action=f"/voice/call/{row.pk}/{place}/accept/", method="POST", num_digits=1, timeout=8)
    say(gather, "voice_whisper", language_of(person), times=2)
    response.append(gather)
    response.hangup()
    return spoken(response)


@from_twilio
def call_accepted(request: HttpRequest, call: UUID, place: int) -> HttpResponse:
    """An empty answer joins the two; any other key ends the attempt."""
    row, response = _call(call), VoiceResponse()
    person = callers.person_at(row, place)
    if person is None or request.POST.get("Digits") != "1":
        response.hangup()
    else:
        callers.answered(call=row, person=person)
    return spoken(response)


@from_twilio
def call_ended(request: HttpRequest) -> HttpResponse:
    """The caller has hung up. Who did so before anybody answered is called back."""
    row = PhoneCall.objects.filter(provider_id=request.POST["CallSid"]).first()
    if row is not None:
        callers.missed(call=row)
    return HttpResponse(status=204)


def _call(key: UUID) -> PhoneCall:
    return get_object_or_404(PhoneCall.objects.select_related("participant", "site", "line"), pk=key)


def _put_through(response: VoiceResponse, call: PhoneCall, *, place: int) -> None:
    person = callers.person_at(call, place)
    number = phone.normalise(person.phone) if person is not None and person.phone else None
    if number is None:
        callers.missed(call=call)
        _tell(response, call, "caller_nobody")
        response.hangup()
        return
    dial = Dial(
        action=f"/voice/call/{call.pk}/{place}/next/",
        method="POST",
        timeout=_RINGS,
        caller_id=twilio_voice.voice().number,
    )
    dial.number(number.e164, url=f"/voice/call/{call.pk}/{place}/offer/", method="POST")
    response.append(dial)


def _tell(response: VoiceResponse, call: PhoneCall, key: str) -> None:
    if emergency := callers.emergency_number(call):
        for lang in callers.language_of_caller(call):
            say(response, key, lang, emergency=emergency)

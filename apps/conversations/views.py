"""The web half of the transport: verify, store, commit, answer. It reads no text, and it never talks to the broker."""

import logging
from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.conf import settings
from django.core.exceptions import BadRequest, ImproperlyConfigured, RequestDataTooBig, SuspiciousOperation
from django.db import Error
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.messaging import routes
from apps.messaging import services as messaging
from apps.messaging.gateway import Kind, RawCallback, SmsGateway

log = logging.getLogger(__name__)
_HEADERS = ("x-twilio-signature", "i-twilio-idempotency-token")

View = Callable[..., HttpResponse]


@csrf_exempt
@require_POST
def inbound(request: HttpRequest, gateway: str) -> HttpResponse:
    """A text from a participant or from staff, posted by a provider."""
    return _taken(request, gateway, Kind.INBOUND, _store_texts)


@csrf_exempt
@require_POST
def status(request: HttpRequest, gateway: str, attempt: UUID) -> HttpResponse:
    """What a provider says about the send attempt whose id stands in the address."""

    def store(sms: SmsGateway, callback: RawCallback) -> None:
        for event in sms.parse_status(callback):
            messaging.take_delivery(gateway=sms, attempt_id=attempt, event=event)

    return _taken(request, gateway, Kind.STATUS, store)


def _store_texts(sms: SmsGateway, callback: RawCallback) -> None:
    messaging.receive(gateway=sms, callback=callback)


def _taken(
    request: HttpRequest, name: str, kind: Kind, store: Callable[[SmsGateway, RawCallback], None]
) -> HttpResponse:
    try:
        sms = routes.gateway(name)
        callback = callback_of(request, kind)
    except routes.NotEnabled:
        return HttpResponse(status=404)
    except ImproperlyConfigured:
        log.error("gateway is not configured", extra={"gateway": name})
        return _not_now()
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except (BadRequest, SuspiciousOperation, UnreadablePostError):
        return HttpResponse(status=400)
    verdict = sms.verify(callback)
    if not verdict.ok:
        messaging.callback_refused(gateway=name, reason=verdict.reason)
        return HttpResponse(status=403)
    try:
        store(sms, callback)
    except Error as error:
        return _not_stored(error, gateway=name)
    answer = sms.acknowledge(kind)
    return HttpResponse(answer.body, content_type=answer.content_type, status=answer.status)


def or_not_now(gateway: str, *, says: Callable[[HttpRequest], HttpResponse] | None = None) -> Callable[[View], View]:
    """Of a view that is called back by this provider: without the database it says so, and is called again. `says`: to a person."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **parts: object) -> HttpResponse:
            try:
                return view(request, **parts)
            except Error as error:
                answer = _not_stored(error, gateway=gateway)
                return says(request) if says else answer

        return guarded

    return guard


def _not_stored(error: Error, *, gateway: str) -> HttpResponse:
    log.error("callback not stored", extra={"gateway": gateway, "error": type(error).__name__})
    return _not_now()


def _not_now() -> HttpResponse:
    """Never 2xx for what is not stored: the provider logs it, tries its other address, and the message log is compared later."""
    return HttpResponse(status=503, headers={"Retry-After": "5"})


def callback_of(request: HttpRequest, kind: Kind) -> RawCallback:
    """A provider's form as it was signed: the configured public origin, never Host or X-Forwarded-*."""
    body = request.body  # first, so that the bytes are kept as they came
    return RawCallback(
        kind=kind,
        url=settings.PUBLIC_BASE_URL + request.get_full_path(),
        content_type=request.content_type or "",
        headers={name: request.headers[name] for name in _HEADERS if name in request.headers},
        body=body,
        form=dict(request.POST.lists()),
    )

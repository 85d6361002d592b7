"""What a provider's error code asks of us, whether it came as an answer or in a report."""

from apps.core import clock
from apps.core.work import seconds
from apps.messaging.gateway import SmsGateway
from apps.messaging.models import Line, OutboundMessage, Stoppage
from apps.messaging.services.alarms import sound
from apps.messaging.services.lines import opt_out
from apps.messaging.vocabulary import ALARMING, AlarmKind, ErrorClass

STOPPED_FOR = 300.0  # seconds between two tries of a gateway whose configuration was refused


def heed(*, gateway: SmsGateway, line: Line, code: str) -> ErrorClass:
    """Opt-out, stop of the queue, alarm: whatever the code's class asks for. The caller holds the transaction."""
    error_class = gateway.classify(code)
    if error_class is ErrorClass.OPT_OUT:
        opt_out(line=line, source="carrier")
    if error_class is ErrorClass.CONFIG:
        _stop(gateway, country=line.country if code in gateway.stops_country else "", code=code)
    if error_class in ALARMING:
        sound(kind=AlarmKind.PROVIDER_ERROR, gateway=gateway.name, code=code)
    return error_class


def _stop(gateway: SmsGateway, *, country: str, code: str) -> None:
    until = clock.now() + seconds(STOPPED_FOR)
    values = {"error_code": code[:20], "until": until}
    Stoppage.objects.update_or_create(gateway=gateway.name, country=country, defaults=values)


def stoppage(*, gateway: SmsGateway, message: OutboundMessage) -> Stoppage | None:
    """The stop that holds for a text now."""
    standing = Stoppage.objects.filter(gateway=gateway.name, country__in=["", message.line.country])
    return standing.filter(until__gt=clock.now()).order_by("-until").first()

"""A text that claims an allocation is an incident of the blinding; the conversation goes on as with any other."""

from apps.core import arm_words
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Disposition
from apps.participants import arm_told
from apps.participants.contacts import contact_points_of
from apps.trials.models import Site


def note_arm(message: InboundMessage) -> None:
    """After the text was routed: neither page nor emergency text waits for it. On a shared phone each site learns of it.

    A code from a colleague's phone is shown to nobody.
    """
    if message.disposition == Disposition.STAFF or not arm_words.told(message.body):
        return
    people = {point.participant for point in (contact_points_of(message.line) if message.line else ())}
    sites: list[Site] = sorted({person.site for person in people}, key=lambda site: site.code)
    arm_told.note(
        row=message,
        field="body",
        text=message.body,
        participant=next(iter(people)) if len(people) == 1 else None,
        sites=sites,
    )

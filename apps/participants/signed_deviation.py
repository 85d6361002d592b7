"""What the principal investigator signs of somebody who was randomised in error, and whether the record still says that."""

from apps.participants.models import Participant
from apps.staff.services import binds
from apps.vault.fields import stored_form


def content(participant: Participant) -> str:
    """Code, birth date, day 0 and deviation number.

    The birth date as it is sealed: a digest of the day itself, beside all the rest, is found by trying every day, and would outlive the
    key that is destroyed for it. The sealed form stays the same for as long as nobody writes another day.
    """
    born = stored_form(participant, "birth_date").hex()
    return "\n".join((participant.code, born, participant.day_zero.isoformat(), participant.deviation_number))


def stands(participant: Participant) -> bool:
    """The signature is on the record as it stands: there is one, and nothing of what it covers was changed since."""
    signature = participant.deviation_signature
    return signature is not None and binds(signature, content=content(participant))

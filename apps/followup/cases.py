"""What an attempt of a search has learnt is a case, as if it had been told on the phone: a death, a transplant, a stay in hospital."""

from apps.conversations import by_phone
from apps.followup.models import SearchAttempt
from apps.followup.models_end import Learnt, Way
from apps.safety import by_person
from apps.safety.by_person import Telling
from apps.safety.models import SpokenReport
from apps.safety.vocabulary import Teller

_ITEMS: dict[str, str] = {
    Learnt.DEAD: by_person.DEATH,
    Learnt.TRANSPLANTED: by_person.TRANSPLANT,
    Learnt.IN_HOSPITAL: by_person.ADMITTED,
}
_TELLERS: dict[str, Teller] = {
    Way.PARTICIPANT: Teller.PARTICIPANT,
    Way.CAREGIVER: Teller.CAREGIVER,
    Way.NAMED: Teller.FAMILY,
}


def open_case(attempt: SearchAttempt, *, is_dealt_with: bool = False) -> SpokenReport | None:
    """The case of what was learnt, told when the attempt was made; None when it tells of none. Raises SafetyError."""
    item = _ITEMS.get(attempt.learnt)
    if item is None:
        return None
    telling = Telling(
        teller=_TELLERS.get(attempt.way, Teller.OTHER),
        told_at=attempt.made_at,
        words=attempt.words,
        item=item,
        is_dealt_with=is_dealt_with,
    )
    return by_phone.tell(participant=attempt.search.participant, person=attempt.person, telling=telling)

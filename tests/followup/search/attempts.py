"""What the tests of the search share: the day that was missed, and an attempt to reach somebody."""

from datetime import date

from apps.core import clock
from apps.followup import services as followup
from apps.followup.models import Search
from apps.followup.models_end import Learnt, Way
from apps.staff.models import User

MISSED = date(2027, 5, 5)


def fresh(search: Search) -> Search:
    return Search.objects.select_related("participant__site").get(pk=search.pk)


def attempt(search: Search, person: User, **said: object) -> None:
    values: dict[str, object] = {
        "way": Way.PARTICIPANT,
        "learnt": Learnt.NOTHING,
        "words": "rang out",
        "made_at": clock.now(),
    }
    followup.record_attempt(search=search, person=person, **(values | said))  # type: ignore[arg-type]

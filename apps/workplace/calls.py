"""The number to call. Numbers stand masked on every page; a person who is about to call asks for the whole one, and that is on record."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.messaging import services as messaging
from apps.messaging.models import Line
from apps.participants.models import Participant
from apps.staff.vocabulary import Action
from apps.workplace.cards import Act, Doing

# A line with whose it is.
Named = tuple[str, Line]


@dataclass(frozen=True)
class Shown:
    """`number` in E.164."""

    whose: str
    number: str


def lines_of(participant: Participant) -> list[Named]:
    """The participant's own phone first, then the caregiver's; those that are in use."""
    points = participant.contact_points.filter(ended_at__isnull=True).select_related("line__data_key")
    return [(point.whose, point.line) for point in points.order_by("-kind")]


def act(lines: Callable[[Any], Iterable[Named]], right: Action, *, name: str = "call", is_main: bool = True) -> Act:
    """The button that shows the numbers behind a row. It is offered where there is a number."""

    def run(it: Doing) -> list[Shown]:
        return [Shown(whose, messaging.show_number(line=line, person=it.person)) for whose, line in lines(it.row)]

    return Act(
        name, _("Show the number to call"), right, run, when=lambda row: any(lines(row)), is_main=is_main, shows=True
    )

"""The story of one escalation: who was told what, how, when, and with what result. Read-only."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import PageState
from apps.staff.models import User


@dataclass(frozen=True)
class Moment:
    """`what` is in the language that is active; `person` and `channel` are empty where there is none."""

    at: datetime
    what: str
    person: User | None = None
    channel: str = ""
    error: str = ""


def timeline(escalation: Escalation) -> list[Moment]:
    """Oldest first."""
    moments = [
        Moment(escalation.received_at, _("text received")),
        Moment(escalation.opened_at, _("opened by %(version)s") % {"version": escalation.version}),
    ]
    for page in escalation.pages.select_related("person"):
        moments += _of_page(page)
    for taken in escalation.acknowledgements.select_related("person"):
        what = _("tried to take it; somebody had it already") if taken.is_late else _("took it")
        moments.append(Moment(taken.at, what, taken.person, taken.get_via_display()))
    for contact in escalation.contacts.select_related("person"):
        what = _("contact: %(result)s") % {"result": contact.get_result_display()}
        moments.append(Moment(contact.at, what, contact.person, contact.get_via_display()))
    for turn in escalation.milestones.select_related("person"):
        moments.append(Moment(turn.at, turn.get_kind_display(), turn.person))
    for incident in escalation.incidents.select_related("person"):
        moments.append(Moment(incident.at, incident.get_kind_display(), incident.person, error=incident.detail))
    return sorted(moments, key=lambda moment: moment.at)


def _of_page(page: Page) -> list[Moment]:
    said = page.get_kind_display()
    moments = [Moment(page.created_at, said, page.person, page.channel)]
    if page.handed_at:
        moments.append(Moment(page.handed_at, _("handed over"), page.person, page.channel))
    if page.delivered_at:
        moments.append(Moment(page.delivered_at, _("delivered"), page.person, page.channel))
    if page.state == PageState.FAILED:
        moments.append(
            Moment(page.failed_at or page.created_at, _("not delivered"), page.person, page.channel, page.error)
        )
    return moments

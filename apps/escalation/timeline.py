"""The story of one escalation: who was told what, how, when, and with what result. Read-only."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from apps.escalation.models import Acknowledgement, Escalation, Page
from apps.escalation.vocabulary import IS_CONTACT, ContactResult, PageState
from apps.staff.models import User


@dataclass(frozen=True)
class Moment:
    """`what` and `state` are in the language that is active; the other words are codes. `is_good` None: neither good nor bad.

    `channel` is how a page went, or how somebody took it; `who` and `task` are those of the step that paged; `about` is what an
    incident is about; `error` is why a page failed; `to` is who was named in a hand-over.
    """

    at: datetime
    what: str
    person: User | None = None
    channel: str = ""
    who: str = ""
    task: str = ""
    state: str = ""
    about: str = ""
    error: str = ""
    is_good: bool | None = None
    to: User | None = None


def timeline(escalation: Escalation) -> list[Moment]:
    """Oldest first."""
    moments = [
        Moment(escalation.received_at, _("received")),
        Moment(escalation.opened_at, _("opened by %(version)s") % {"version": escalation.version}),
    ]
    for page in escalation.pages.select_related("person"):
        moments += _of_page(page)
    for taken in escalation.acknowledgements.select_related("person"):
        moments.append(_of_answer(taken))
    for contact in escalation.contacts.select_related("person"):
        what = contact.get_result_display()
        if contact.result != ContactResult.CLOSED:
            what = _("contact: %(result)s") % {"result": what}
        good = contact.result in IS_CONTACT or None
        moments.append(Moment(contact.at, what, contact.person, contact.get_via_display(), is_good=good))
    for turn in escalation.milestones.select_related("person", "to"):
        moments.append(Moment(turn.at, turn.get_kind_display(), turn.person, to=turn.to))
    for incident in escalation.incidents.select_related("person"):
        what = incident.get_kind_display()
        moments.append(Moment(incident.at, what, incident.person, about=incident.detail, is_good=False))
    return sorted(moments, key=lambda moment: moment.at)


def _of_answer(taken: Acknowledgement) -> Moment:
    if taken.is_late:
        what = _("tried to take it; somebody had it already")
    elif taken.cannot_open:
        what = _("answered, cannot open it: somebody who can is still wanted")
    else:
        what = _("took it")
    good = None if taken.is_late or taken.cannot_open else True
    return Moment(taken.at, what, taken.person, taken.get_via_display(), is_good=good)


def _of_page(page: Page) -> list[Moment]:
    """Told what, as whom, how; then how it went. A page that somebody's answer has made needless has no time of its own for that."""
    told = Moment(
        page.created_at,
        page.get_kind_display(),
        page.person,
        page.channel,
        page.who,
        page.task,
        page.get_state_display(),
    )
    moments = [told]
    if page.handed_at:
        moments.append(Moment(page.handed_at, _("handed over"), page.person, page.channel))
    if page.delivered_at:
        moments.append(Moment(page.delivered_at, _("delivered"), page.person, page.channel, is_good=True))
    if page.failed_at or page.state == PageState.FAILED:  # answered all the same it has failed before
        at = page.failed_at or page.created_at
        moments.append(Moment(at, _("not delivered"), page.person, page.channel, error=page.error, is_good=False))
    return moments

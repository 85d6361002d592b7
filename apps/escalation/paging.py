"""A page as a work row: handed over, then watched until it is known to have arrived. A failed one moves the chain on at once."""

import contextlib
import logging
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from apps.core import clock, work
from apps.core.registry import UnknownPlugin
from apps.core.work import Lane
from apps.escalation import channel as ways
from apps.escalation import incidents
from apps.escalation.channel import Channel, ChannelError, Handed
from apps.escalation.models import Escalation, Page, Route
from apps.escalation.rules import CODE_LENGTH, REST
from apps.escalation.vocabulary import BY_NAME, PENDING, RUNNING, EscalationState, IncidentKind, PageKind, PageState
from apps.messaging import services as messaging
from apps.messaging.models import OutboundMessage
from apps.staff.models import User

log = logging.getLogger(__name__)

ACCEPTED_WITHIN = 60.0  # seconds: no provider has taken it
DELIVERED_WITHIN = 90.0  # seconds: nobody has said that it arrived
_FIRST_LOOK = 5.0
_LOOK_EVERY = 10.0
_CODE_LIVES = timedelta(hours=24)
NEVER_CONFIRMS_AFTER = 3  # in a row, of which nobody said that they arrived
_AFTER_LOCAL = 1.0  # a storm's texts are all in the outbox before the first slow network call
_REST_AFTER_OUTAGE = 20.0
_resting: dict[str, float] = {}  # channel: until when this process does not try it, on its own monotonic clock


def locked(escalation_id: UUID) -> Escalation:
    """The escalation as it stands now, held until the transaction ends. Taken before any of its pages: in the other order an
    acknowledgement and a page that fails would wait for each other. Rows that only refer to it need not wait (no_key)."""
    rows = Escalation.objects.select_for_update(of=("self",), no_key=True).select_related("site")
    return rows.get(pk=escalation_id)


# --- planning


@dataclass(frozen=True)
class Summons:
    """One person to be told by these channels. `occasion` is unique within an escalation, so that nobody is told the same twice."""

    person: User
    channels: Sequence[Channel]
    occasion: str
    step: int
    who: str = ""
    task: str = ""


def plan_pages(
    escalation: Escalation, summons: Sequence[Summons], *, wording: str, kind: PageKind = PageKind.PAGE
) -> list[Page]:
    """One page a channel, due at once; or those that the same occasion planned already."""
    known: list[Page] = []
    if not escalation._state.adding:
        known = list(Page.objects.filter(escalation=escalation, person__in={each.person for each in summons}))
    there = {(page.person_id, page.occasion, page.channel): page for page in known}
    codes = {page.person_id: page.code for page in known if page.code}
    codes |= _fresh_codes({each.person.pk for each in summons} - codes.keys())
    planned, fresh = [], []
    for each in summons:
        code = codes[each.person.pk]
        for channel in each.channels:
            if (page := there.get((each.person.pk, each.occasion, channel.name))) is not None:
                planned.append(page)
            else:
                fresh.append((_page(escalation, each, channel, wording=wording, code=code, kind=kind), channel))
    here = [(page, channel) for page, channel in fresh if channel.is_local and not channel.is_there]
    if escalation._state.adding:  # nobody else can plan them
        _hand_over_here(here)
        here = []
    # Another process may have planned them meanwhile.
    Page.objects.bulk_create([page for page, _ in fresh], ignore_conflicts=True)
    _hand_over_here(here)
    return [*planned, *(page for page, _ in fresh)]


def _page(
    escalation: Escalation, summons: Summons, channel: Channel, *, wording: str, code: str, kind: PageKind
) -> Page:
    now = clock.now()
    later = timedelta(0) if channel.is_local else work.seconds(_AFTER_LOCAL)
    return Page(
        escalation=escalation, occasion=summons.occasion, person=summons.person, channel=channel.name, kind=kind,
        step=summons.step, who=summons.who, task=summons.task, wakes=channel.wakes, code=code, wording=wording, created_at=now,
        due_at=None if channel.is_there else now + later,
        state=PageState.HANDED if channel.is_there else PageState.PLANNED,
        handed_at=now if channel.is_there else None,
        lane=Lane.MESSAGES if kind == PageKind.NOTICE else Lane.SAFETY,  # no page waits behind a courtesy
    )  # fmt: skip


def _hand_over_here(pages: Sequence[tuple[Page, Channel]]) -> None:
    """Pages that are a row of ours when handed over need no turn of their own. What fails is left to the page's row, which says so."""
    for page, channel in pages:
        try:
            with transaction.atomic():
                given = _given_here(page, channel)
        except ChannelError:
            continue
        except Exception as error:  # noqa: BLE001 - the edge between recipients: one that fails never stops another
            log.error("page not handed over at once", extra={"row": str(page.pk), "error": type(error).__name__})
            continue
        page.message, page.due_at = given  # only now: a text that was rolled back is none


def _given_here(page: Page, channel: Channel) -> tuple[OutboundMessage | None, datetime | None]:
    message, due_at = channel.hand_over(page).message, clock.now() + work.seconds(_FIRST_LOOK)
    if page._state.adding or Page.objects.filter(pk=page.pk).update(message=message, due_at=due_at):
        return message, due_at
    transaction.set_rollback(True)  # planned by another process, which hands it over
    return None, page.due_at


def _fresh_codes(people: set[UUID]) -> dict[UUID, str]:
    """For each person four digits that no live page of theirs has: the same for as long as the escalation lasts."""
    taken = set(_live_pages().filter(person__in=people).values_list("person_id", "code")) if people else set()
    return {person: _fresh_code({code for whose, code in taken if whose == person}) for person in people}


def _fresh_code(taken: set[str]) -> str:
    while (code := f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}d}") in taken:
        continue
    return code


def live_pages(person: User) -> QuerySet[Page]:
    """This person's pages whose codes still mean something: of running escalations, and for a day of finished ones."""
    return _live_pages().filter(person=person)


def _live_pages() -> QuerySet[Page]:
    since = clock.now() - _CODE_LIVES
    closed = Q(escalation__state=EscalationState.CLOSED, escalation__acknowledged_at__gt=since)
    return Page.objects.filter(Q(escalation__state__in=RUNNING) | Q(escalation__contacted_at__gt=since) | closed)


# --- handing over


def send_page(page: Page) -> None:
    """Work handler: hand the page over, then look after it until it has arrived or is taken for lost."""
    try:
        channel = ways.named(page.channel)
    except UnknownPlugin:
        _finish_failed(page, "no_channel")
        return
    if page.state == PageState.PLANNED and page.message_id is None:
        _hand_over(page, channel)
    else:
        _watch(page, channel)


def _hand_over(page: Page, channel: Channel) -> None:
    try:
        if channel.is_local:
            with work.finishing(page) as ending:
                ending.due_at = _handed(page, channel, channel.hand_over(page))
            return
        # A network call, so outside any transaction: after a crash it may happen twice, never not at all.
        given = _called(page, channel)
        with work.finishing(page) as ending:
            ending.due_at = _handed(page, channel, given)
    except ChannelError as error:
        _not_handed(page, error)


def _called(page: Page, channel: Channel) -> Handed:
    """Hand over by network. A provider that does not answer is left alone for a while: other pages do not wait for its time-outs."""
    if time.monotonic() < _resting.get(channel.name, 0.0):
        raise ChannelError("resting")
    try:
        return channel.hand_over(page)
    except ChannelError as error:
        if error.is_outage:
            _resting[channel.name] = time.monotonic() + work.seconds(_REST_AFTER_OUTAGE).total_seconds()
        raise


def forget_outages() -> None:
    """Try every channel again at the next page, because settings have changed."""
    _resting.clear()


def _handed(page: Page, channel: Channel, given: Handed) -> datetime | None:
    page.message, page.provider_id = given.message, given.provider_id
    if given.accepted:
        page.state, page.handed_at = PageState.HANDED, clock.now()
    page.save()
    if given.accepted and not channel.confirms:
        return None
    return clock.now() + work.seconds(_FIRST_LOOK)


def _not_handed(page: Page, error: ChannelError) -> None:
    too_late = clock.now() - page.created_at >= work.seconds(ACCEPTED_WITHIN)
    if error.permanent or too_late:
        _finish_failed(page, error.code)
        return
    with work.finishing(page) as ending:
        ending.due_at = clock.now() + work.seconds(_LOOK_EVERY)
        ending.note = error.code


# --- watching


def _watch(page: Page, channel: Channel) -> None:
    age = clock.now() - page.created_at
    if age >= work.seconds(ACCEPTED_WITHIN) and page.message is not None and messaging.hear(message=page.message):
        page.message.refresh_from_db()
    progress = channel.progress(page)
    if progress.state == PageState.FAILED:
        _finish_failed(page, progress.error or "failed", handed_at=progress.handed_at)
        return
    if progress.state == PageState.PLANNED and age >= work.seconds(ACCEPTED_WITHIN):
        _finish_failed(page, "not_accepted")
        return
    if progress.state == PageState.HANDED and channel.confirms and age >= work.seconds(DELIVERED_WITHIN):
        _finish_failed(page, "not_delivered", handed_at=progress.handed_at)
        return
    with work.finishing(page) as ending:
        if progress.state == PageState.DELIVERED:
            locked(page.escalation_id)  # an acknowledgement remembers the same route, and holds the escalation then
        if page.state in PENDING and progress.state != page.state:
            page.state, page.handed_at = progress.state, progress.handed_at
            page.delivered_at = progress.delivered_at
            page.save()
        if progress.state == PageState.DELIVERED:
            _remember(page, delivered_at=progress.delivered_at or clock.now(), unconfirmed=0)
        elif progress.state in PENDING:
            ending.due_at = _next_look(page)


def _next_look(page: Page) -> datetime:
    """Every ten seconds, and exactly when patience ends."""
    now = clock.now()
    ends = [page.created_at + work.seconds(length) for length in (ACCEPTED_WITHIN, DELIVERED_WITHIN)]
    return min([now + work.seconds(_LOOK_EVERY), *(end for end in ends if end > now)])


def _finish_failed(page: Page, error: str, *, handed_at: datetime | None = None) -> None:
    with work.finishing(page) as ending:
        _fail(page, error, handed_at=handed_at)
        ending.note = error


def _fail(page: Page, error: str, *, handed_at: datetime | None = None) -> None:
    locked(page.escalation_id)
    page.state, page.error, page.failed_at = PageState.FAILED, error[:60], clock.now()
    page.handed_at = page.handed_at or handed_at
    page.save()
    missed = int(error == "not_delivered")
    route = _remember(page, failed_at=clock.now(), unconfirmed=F("unconfirmed") + missed)
    if missed and route.unconfirmed >= NEVER_CONFIRMS_AFTER:  # again after somebody took it for mended, and it was not
        incidents.report(
            IncidentKind.NEVER_CONFIRMS, detail=page.channel, site=page.escalation.site, person=page.person
        )
    if not _arrived_otherwise(page):
        move_on_after(page)


def _arrived_otherwise(page: Page) -> bool:
    """Another page that wakes is known to have reached the same person in the same step: a call not taken is no reason to hurry."""
    others = Page.objects.filter(
        escalation=page.escalation_id, person=page.person_id, step=page.step, wakes=True, kind=PageKind.PAGE
    ).exclude(pk=page.pk)
    # Asked of the channel: a text's row knows of its delivery before the page looks again.
    return any(_has_arrived(other) for other in others.select_related("message"))


def _has_arrived(page: Page) -> bool:
    try:
        return ways.named(page.channel).progress(page).state in (PageState.DELIVERED, PageState.ANSWERED)
    except UnknownPlugin:
        return False


def move_on_after(page: Page) -> None:
    """The failed page belongs to the step taken last: the next one is due now. Of earlier steps others have been paged since."""
    running = Escalation.objects.filter(pk=page.escalation_id, state=EscalationState.OPEN, group_from__lte=page.step)
    if page.kind != PageKind.PAGE or not page.wakes:
        return
    now = clock.now()
    # At the end of a round the same people would come again: they get a short rest. After a page by name others come.
    soon = now if page.who == BY_NAME else now + work.seconds(REST.total_seconds())
    for rows, at in ((running.filter(place__gt=0), now), (running.filter(place=0), soon)):
        rows = rows.filter(next_step_at__gt=at)
        rows.update(next_step_at=at, due_at=at, fence=F("fence") + 1, lease_until=None)


def _remember(page: Page, **values: object) -> Route:
    """Nothing of a page that went to a number the person has no longer, nor of what was known of that."""
    route, _ = Route.objects.get_or_create(person_id=page.person_id, channel=page.channel)
    row, since = Route.objects.filter(pk=route.pk), ways.number_since(page.channel, page.person)
    known = [at for at in (route.delivered_at, route.answered_at, route.failed_at) if at is not None]
    if since is not None and any(at < since for at in known):
        row.update(delivered_at=None, answered_at=None, failed_at=None, unconfirmed=0)
    if since is None or page.created_at >= since:
        row.update(**values)
    route.refresh_from_db()
    return route


def note_answered(page: Page) -> None:
    """The person has answered by this page: the route wakes, and can acknowledge."""
    _remember(page, answered_at=clock.now())


def could_not_page(page: Page) -> None:
    """The page broke the program: the next person at once, and an incident."""
    _fail(page, "could_not_page")
    incidents.report(IncidentKind.COULD_NOT_PAGE, detail=page.channel, escalation=page.escalation, person=page.person)


# --- what providers call back


@transaction.atomic
def note_progress(page: Page, state: PageState, *, error: str = "") -> None:
    """A provider or a pager says how far a page has come. It is written on the page; the page's own row acts on it, at once.

    Repeats, reports that come late and reports about pages that were cancelled or answered change nothing.
    """
    now = clock.now()
    rows = Page.objects.filter(pk=page.pk, state__in=PENDING)
    values: dict[str, object] = {"state": state, "error": error[:60]}
    if state == PageState.DELIVERED:
        values |= {"delivered_at": now, "handed_at": Coalesce("handed_at", Value(now))}
    if rows.update(**values):
        work.set_due(Page.objects.filter(pk=page.pk), due_at=now)


@transaction.atomic
def nobody_took(page: Page) -> None:
    """A call was picked up, and no right PIN came: the next person is due now, as for a page that failed."""
    move_on_after(page)


# --- cancelling


def cancel_pages(escalation: Escalation, *, of: User | None = None) -> None:
    """Nobody else need wake: pages not yet arrived are cancelled with all that waits in any channel, and nothing is due any more.

    `of`: this one person's alone."""
    wakers = escalation.pages.exclude(kind=PageKind.NOTICE)
    if of is not None:
        wakers = wakers.filter(person=of)
    there = wakers.filter(state__in=[*PENDING, PageState.FAILED]).select_related("message").order_by("pk")
    for page in there.select_for_update(of=("self",), no_key=True):
        with contextlib.suppress(UnknownPlugin):
            ways.named(page.channel).cancel(page)  # a failed one too: its text may still wait for a provider
        if page.state in PENDING:
            page.state = PageState.CANCELLED
            page.save(update_fields=["state"])
    work.set_due(wakers.filter(due_at__isnull=False), due_at=None)

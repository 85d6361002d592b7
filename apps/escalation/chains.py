"""The chains in force at a site: the site's own where it has one, else the protocol's; and the linter that reads both."""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from apps.core import clock
from apps.core.unit import once
from apps.escalation import channel as channels
from apps.escalation import rules
from apps.escalation.models import SiteChain
from apps.escalation.people import on_duty
from apps.escalation.rules import Plan, Step
from apps.escalation.vocabulary import ChainName, ChainRule
from apps.staff.models import User
from apps.staff.services import is_valid
from apps.trials.models import ProtocolVersion, Site
from apps.trials.services import current_version, protocol_of
from apps.trials.vocabulary import ChainHours, Channel, Who

_LENGTHS = ("repeat_minutes", "acknowledgement_expires_minutes")
_WOKEN_BY_R1 = 2
_STEP = re.compile(r"step (\d+)")


class ChainProblem(NamedTuple):
    """`place` as `step 2`, `repeat_minutes` or empty for the whole; `rule.label` says it to people."""

    place: str
    rule: ChainRule

    def __str__(self) -> str:
        return f"{self.place}: {self.rule.label}" if self.place else str(self.rule.label)

    @property
    def step(self) -> int | None:
        """The number of the step that it is about, from 1; None where it is about none."""
        found = _STEP.match(self.place)
        return int(found[1]) if found else None


class ChainRefused(Exception):
    """A site's chain breaks a rule. `problems` has every one of them."""

    def __init__(self, problems: list[ChainProblem]) -> None:
        super().__init__(", ".join(f"{problem.place or 'chain'}: {problem.rule.value}" for problem in problems))
        self.problems = problems


class ChainMoved(Exception):
    """Another version came into force since this change was begun. Nothing was changed."""


@transaction.atomic
def set_chain(
    *,
    site: Site | None,
    chain: ChainName,
    content: Mapping[str, Any],
    by: User,
    reason: str,
    started_from: int | None = None,
) -> SiteChain:
    """A new version of a site's own chain, in the shape of a chain of the protocol file; a step may name one `person` by id.

    Raises ChainRefused, and ChainMoved when `started_from` is no longer the number in force. What is running already keeps
    the version that it began with.
    """
    plain = json.loads(json.dumps(content))
    found = problems(plain, site=site)
    if not reason.strip():
        found.append(ChainProblem("reason", ChainRule.REASON_MISSING))
    if found:
        raise ChainRefused(found)
    return _next_version(site, chain, plain, by, reason, started_from)


@transaction.atomic
def use_protocols_chain(
    *, site: Site | None, chain: ChainName, by: User, reason: str, started_from: int | None = None
) -> SiteChain:
    """Back to the protocol's chain, with each later version of it. Raises ChainRefused without a reason, and ChainMoved."""
    if not reason.strip():
        raise ChainRefused([ChainProblem("reason", ChainRule.REASON_MISSING)])
    return _next_version(site, chain, {}, by, reason, started_from)


def _next_version(
    site: Site | None, chain: ChainName, content: dict[str, Any], by: User, reason: str, started_from: int | None
) -> SiteChain:
    last = last_number(chain, site)
    if started_from is not None and started_from != last:
        raise ChainMoved
    try:
        with transaction.atomic():
            return SiteChain.objects.create(
                site=site, chain=chain, number=last + 1, content=content, reason=reason.strip(), made_at=clock.now(),
                made_by=by,
            )  # fmt: skip
    except IntegrityError:  # two people at the same moment: the number is there already
        raise ChainMoved from None


def last_number(chain: str, site: Site | None) -> int:
    """The number of the newest version here; 0 while nobody has changed the protocol's."""
    return SiteChain.objects.filter(site=site, chain=chain).aggregate(number=Max("number"))["number"] or 0


def versions(chain: str, site: Site | None) -> QuerySet[SiteChain]:
    """Who changed this chain here when and why, the newest first. One without content went back to the protocol's."""
    return SiteChain.objects.filter(site=site, chain=chain).select_related("made_by").order_by("-number")


def own_chain(chain: str, site: Site | None) -> SiteChain | None:
    """The site's own version in force; None where the protocol's chain stands."""
    newest = once(
        ("site chain", site and site.pk, chain),
        lambda: SiteChain.objects.filter(site=site, chain=chain).order_by("-number").first(),
    )
    return newest if newest is not None and newest.content else None


def content_of(chain: str, *, site: Site | None) -> dict[str, Any]:
    """What a form starts from: the chain in force here, as plain JSON."""
    own = own_chain(chain, site)
    if own is not None:
        return dict(own.content)
    found: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(protocol_of(current_version()).chains[chain])))
    return found


def snapshot_of(chain: str, *, version: ProtocolVersion, own: SiteChain | None) -> dict[str, Any]:
    """The copy that an escalation keeps: the site's own chain, or the protocol's."""
    protocol = protocol_of(version)
    content = own.content if own else dataclasses.asdict(protocol.chains[chain])
    return rules.snapshot(
        chain=json.loads(json.dumps(content)),
        remind=tuple(protocol.contact.remind_minutes),
        deadline=protocol.contact.deadline_minutes,
        attempt_buys=protocol.contact.attempt_buys_minutes,
    )


def in_force(*, site: Site | None) -> dict[ChainName, Plan]:
    """Every chain of a place: at a site R1, R2 and R3; without one the chain of unknown numbers."""
    version = current_version()
    names = [ChainName.UNMATCHED] if site is None else [ChainName.R1, ChainName.R2, ChainName.R3]
    return {name: rules.plan(snapshot_of(name, version=version, own=own_chain(name, site))) for name in names}


# --- the linter


def problems(content: Mapping[str, Any], *, site: Site | None) -> list[ChainProblem]:
    """Everything that is wrong with a chain before it comes into force: its shape, its order, its people."""
    try:
        plan = rules.plan(content)
    except (KeyError, TypeError, ValueError):
        return [ChainProblem("", ChainRule.MALFORMED)]
    found = [ChainProblem(name, ChainRule.BAD_LENGTH) for name in _LENGTHS if float(content[name]) < 1]
    if plan.widen_from_round < 2 or not plan.widen_to:
        found.append(ChainProblem("widen_to", ChainRule.NO_WIDENING))
    found += _order(plan)
    for number, step in enumerate(plan.steps, start=1):
        found += [ChainProblem(f"step {number}", rule) for rule in _words(step)]
    if not content.get("sponsor_in_chain") and Who.SPONSOR_MONITOR in [*plan.widen_to, *(s.who for s in plan.steps)]:
        found.append(ChainProblem("", ChainRule.SPONSOR_NOT_ALLOWED))
    # Roles are filled by the rota, so a later step that is empty today is no reason to refuse; `readiness` names it every day.
    return found or [
        problem
        for number, step in enumerate(plan.steps, start=1)
        if step.person or number == 1
        for problem in _people_of(step, number, site)
    ]


def problems_in_force(*, site: Site | None) -> list[str]:
    """What would go wrong now with the chains of this place, one a line: `R1 step 2: Nobody has this role here now.`

    That an emergency wakes one person is not among them: so the protocol wants it, and a site that wants two says so in its own chain.
    """
    return [
        f"{name} {problem}"
        for name, plan in in_force(site=site).items()
        for problem in problems_now(name, plan, site)
        if problem.rule != ChainRule.WAKES_ONE
    ]


def problems_now(name: ChainName, plan: Plan, site: Site | None) -> list[ChainProblem]:
    """What would go wrong now with this plan: steps that reach nobody, people whom nothing wakes, and an emergency that wakes one."""
    found = [problem for number, step in enumerate(plan.steps, start=1) for problem in _people_of(step, number, site)]
    if name == ChainName.R1 and len(woken_at_once(plan, site)) < _WOKEN_BY_R1:
        found.insert(0, ChainProblem("step 1", ChainRule.WAKES_ONE))
    return found


def woken_at_once(plan: Plan, site: Site | None) -> list[User]:
    """Whom minute 0 would wake now, by day or night: a page that only stands on a screen or in a mailbox wakes nobody."""
    people = [
        person for step in plan.group(0) for person in on_duty(step, site=site).people if _can_be_woken(step, person)
    ]
    return list(dict.fromkeys(people))


def _order(plan: Plan) -> Iterator[ChainProblem]:
    if not plan.steps:
        yield ChainProblem("", ChainRule.NO_STEPS)
        return
    if plan.steps[0].after:
        yield ChainProblem("step 1", ChainRule.FIRST_NOT_AT_ONCE)
    wakes_nobody = plan.hours == ChainHours.WORKING  # the chain of the working day is a list to look at
    if not wakes_nobody and not any(step.wants_to_wake for step in plan.steps if not step.after):
        yield ChainProblem("step 1", ChainRule.WAKES_NOBODY)
    for number, step in enumerate(plan.steps, start=1):
        before = plan.steps[: number - 1]
        if before and step.after < before[-1].after:
            yield ChainProblem(f"step {number}", ChainRule.OUT_OF_ORDER)
        if step.after >= plan.repeat:
            yield ChainProblem(f"step {number}", ChainRule.NEVER_REACHED)
        if any((step.after, step.who, step.person) == (one.after, one.who, one.person) for one in before):
            yield ChainProblem(f"step {number}", ChainRule.SAME_TWICE)


def _words(step: Step) -> Iterator[ChainRule]:
    if not step.channels:
        yield ChainRule.NO_CHANNEL
    if {*step.channels} - {*Channel}:
        yield ChainRule.UNKNOWN_CHANNEL
    if step.person and not _known(step.person):
        yield ChainRule.UNKNOWN_PERSON
    if not step.person and step.who not in {*Who}:
        yield ChainRule.UNKNOWN_ROLE


def _known(person: str) -> bool:
    return any(is_valid(user) for user in User.objects.filter(pk=person))


def _people_of(step: Step, number: int, site: Site | None) -> Iterator[ChainProblem]:
    reached = on_duty(step, site=site)
    found = reached.people
    if reached.gone is not None:
        yield ChainProblem(f"step {number}", ChainRule.NAMED_GONE)
    elif not found:
        yield ChainProblem(f"step {number} ({step.who})", ChainRule.NOBODY_HERE)
    elif step.wants_to_wake and not all(_can_be_woken(step, person) for person in found):
        yield ChainProblem(f"step {number} ({step.who})", ChainRule.CANNOT_BE_WOKEN)


def _can_be_woken(step: Step, person: User) -> bool:
    usable = [channels.of(word, person) for word in step.channels]
    return any(channel is not None and channel.wakes for channel in usable)

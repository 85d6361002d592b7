"""What must hold in the paging chains, so that a chain that is accepted does wake somebody."""

from collections.abc import Iterator

from apps.trials.lines import Path
from apps.trials.protocol_paging import Chain, ChainStep
from apps.trials.vocabulary import TRIAL_WIDE, WAKING, ChainHours, Who

Found = Iterator[tuple[Path, str]]
NAMES = ("R1", "R2", "R3", "unmatched")


def paging_chains(chains: dict[str, Chain]) -> Found:
    for name in NAMES:
        if name not in chains:
            yield ("chains", name), "is missing"
    for name, chain in chains.items():
        here: Path = ("chains", name)
        if name not in NAMES:
            yield here, f"is none of {', '.join(NAMES)}"
        yield from _rounds(chain, here)
        yield from _order(chain, here)
        yield from _reach(name, chain, here)


def _rounds(chain: Chain, here: Path) -> Found:
    if chain.repeat_minutes < 1:
        yield (*here, "repeat_minutes"), "must be at least 1"
    if chain.widen_from_round < 2:
        yield (*here, "widen_from_round"), "must be at least 2: the first round is the steps"
    if chain.acknowledgement_expires_minutes < 1:
        yield (*here, "acknowledgement_expires_minutes"), "must be at least 1"
    if not chain.widen_to:
        yield (*here, "widen_to"), "at least one"


def _order(chain: Chain, here: Path) -> Found:
    if not chain.steps:
        yield (*here, "steps"), "at least one"
    elif chain.steps[0].after_minutes != 0:
        yield (*here, "steps", 0, "after_minutes"), "the first step must be at minute 0"
    for place, step in enumerate(chain.steps):
        at: Path = (*here, "steps", place, "after_minutes")
        if place and step.after_minutes < chain.steps[place - 1].after_minutes:
            yield at, "is out of order: must not be before the step above"
        if step.after_minutes >= chain.repeat_minutes:
            yield at, f"is never reached: the round begins again at minute {chain.repeat_minutes}"
        if any(_same(step, other) for other in chain.steps[:place]):
            yield at, f"{step.who} is paged in this minute already"
        if not step.channels:
            yield (*here, "steps", place, "channels"), "at least one"
        elif len(set(step.channels)) < len(step.channels):
            yield (*here, "steps", place, "channels"), "has a channel twice"


def _reach(name: str, chain: Chain, here: Path) -> Found:
    if chain.hours is not ChainHours.WORKING and not any(
        step.after_minutes == 0 and WAKING & {*step.channels} for step in chain.steps
    ):
        yield (*here, "steps"), "nobody is woken at minute 0: a step with sms or voice is needed"
    roles: list[tuple[Path, Who]] = [(("steps", place, "who"), step.who) for place, step in enumerate(chain.steps)]
    roles += [(("widen_to",), who) for who in chain.widen_to]
    for path, who in roles:
        if name == "unmatched" and who not in TRIAL_WIDE:
            yield (*here, *path), f"{who} belongs to a site, and an unknown number has none"
        if who is Who.SPONSOR_MONITOR and not chain.sponsor_in_chain:
            yield (
                (*here, *path),
                "the sponsor is paged only with sponsor_in_chain = true: such a page is the sponsor's day 0",
            )


def _same(step: ChainStep, other: ChainStep) -> bool:
    return step.who == other.who and step.after_minutes == other.after_minutes

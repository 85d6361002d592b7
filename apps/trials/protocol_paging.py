"""Of a protocol file, who is paged in what order, and how soon somebody must have been reached."""

from dataclasses import dataclass

from apps.trials.vocabulary import ChainHours, ChainTask, Channel, Who


@dataclass(frozen=True)
class ContactDeadline:
    deadline_minutes: int
    remind_minutes: tuple[int, ...]
    attempt_buys_minutes: int


@dataclass(frozen=True)
class Drills:
    test_page_days: int
    drill_days: int


@dataclass(frozen=True)
class ChainStep:
    """`after_minutes` counts from the start of the round."""

    after_minutes: int
    who: Who
    channels: tuple[Channel, ...]
    task: ChainTask | None = None


@dataclass(frozen=True)
class Chain:
    """Who is paged, in what order. `dataclasses.asdict` of it is plain JSON, which an escalation keeps as its snapshot."""

    hours: ChainHours
    repeat_minutes: int
    widen_from_round: int
    widen_to: tuple[Who, ...]
    acknowledgement_expires_minutes: int
    steps: tuple[ChainStep, ...]
    sponsor_in_chain: bool = False

"""A unit of work, the handling of one due row: what is asked once during it keeps its answer until it ends.

So one text is handled under one version of the protocol and one state of the staff, and neither is read anew for each question. Only
what people change rarely is asked this way, and never what the unit itself may change. Outside of a unit everything is asked each time.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

Answer = TypeVar("Answer")
_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("trialcare_unit", default=None)


@contextmanager
def unit() -> Iterator[None]:
    """Everything inside is one unit; one inside another is its own."""
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def once(key: Hashable, ask: Callable[[], Answer]) -> Answer:
    """The answer of this unit, asked now if nobody has asked yet."""
    answers = _answers.get()
    if answers is None:
        return ask()
    if key not in answers:
        answers[key] = ask()
    return cast(Answer, answers[key])

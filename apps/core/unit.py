"""A unit of work, the handling of one due row or of the few that are taken in one turn: what is asked once keeps its answer until it ends.

So a text is handled under one version of the protocol and one state of the staff, and neither is read anew for each question. Only
what people change rarely is asked this way; what the unit changes itself it forgets. Outside of a unit everything is asked each time.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

Answer = TypeVar("Answer")
_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("trialcare_unit", default=None)


@contextmanager
def unit() -> Iterator[None]:
    """Everything inside is one unit; one inside another is part of it."""
    if _answers.get() is not None:
        yield
        return
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def start_anew() -> None:
    """What was written is rolled back, so nothing that was asked meanwhile may be true."""
    (_answers.get() or {}).clear()


def once(key: Hashable, ask: Callable[[], Answer]) -> Answer:
    """The answer of this unit, asked now if nobody has asked yet."""
    answers = _answers.get()
    if answers is None:
        return ask()
    if key not in answers:
        answers[key] = ask()
    return cast(Answer, answers[key])


def forget(key: Hashable) -> None:
    """The answer has changed: whoever asks next asks anew."""
    (_answers.get() or {}).pop(key, None)

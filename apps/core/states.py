"""Transitions as a table: `MOVES: Mapping[State, frozenset[State]]`, one check, and a database constraint beside it."""

from collections.abc import Mapping

from django.db import models


class IllegalMove(Exception):
    """The row may not go from its present state to the wanted one."""


def check_move(moves: Mapping[str, frozenset[str]], *, present: str, wanted: str) -> None:
    """Raise IllegalMove unless the table allows the step. Staying where one is counts as no step and is refused too."""
    if wanted not in moves.get(present, frozenset()):
        raise IllegalMove(f"{present} -> {wanted}")


def known_states(field: str, choices: type[models.TextChoices], *, name: str) -> models.CheckConstraint:
    """The database's half of the wall: no value outside the vocabulary."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": choices.values}), name=name)

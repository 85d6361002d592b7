"""Rows that are written once, and answers that hold for one unit of work."""

import contextlib
import itertools

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.rows import insert_once
from apps.core.unit import forget, once, start_anew, unit
from apps.trials.services import current_version
from apps.vault.models import DataKey
from tests import people


def test_within_a_unit_a_question_is_asked_once_and_outside_each_time() -> None:
    numbers = itertools.count()
    with unit():
        assert [once("number", lambda: next(numbers)) for _ in range(3)] == [0, 0, 0]
        assert once("another", lambda: next(numbers)) == 1
    assert [once("number", lambda: next(numbers)) for _ in range(2)] == [2, 3]


def test_a_unit_inside_another_is_part_of_it_and_one_after_another_asks_anew() -> None:
    numbers = itertools.count()
    for number in range(2):
        with contextlib.suppress(RuntimeError), unit():
            assert once("number", lambda: next(numbers)) == number
            with unit():
                assert once("number", lambda: next(numbers)) == number
            raise RuntimeError


def test_what_the_unit_has_changed_itself_is_asked_anew() -> None:
    numbers = itertools.count()
    with unit():
        assert [once(key, lambda: next(numbers)) for key in ("one", "other")] == [0, 1]
        forget("one")
        assert [once(key, lambda: next(numbers)) for key in ("one", "other")] == [2, 1]
        start_anew()
        assert [once(key, lambda: next(numbers)) for key in ("one", "other")] == [3, 4]


def test_an_answer_of_nothing_is_an_answer() -> None:
    asked: list[None] = []
    with unit():
        for _ in range(3):
            once("nothing", lambda: asked.append(None))
    assert asked == [None]


@pytest.mark.django_db
def test_the_protocol_in_force_is_read_once_a_unit() -> None:
    people.trial()
    with unit(), CaptureQueriesContext(connection) as asked:
        versions = {current_version() for _ in range(3)}
    assert len(versions) == len(asked) == 1


@pytest.mark.django_db
def test_a_row_is_written_once_and_says_whether_it_was() -> None:
    first = DataKey(wrapped=b"one", kek_id="k")
    again = DataKey(id=first.id, wrapped=b"two", kek_id="k")
    with CaptureQueriesContext(connection) as asked:
        assert insert_once(first)
        assert not insert_once(again)
    assert len([query for query in asked if "INSERT" in query["sql"]]) == 2
    assert bytes(DataKey.objects.get(id=first.id).wrapped) == b"one"
    assert not first._state.adding
    assert again._state.adding

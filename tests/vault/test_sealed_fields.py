"""What identifies a person is sealed: in the file, in place, and gone for ever once its key is destroyed."""

import datetime as dt
import json
import uuid

import pytest
from django.db import connection, transaction

from apps.audit.models import AuditEvent
from apps.core import crypto
from apps.messaging.models import Line
from apps.vault import services
from apps.vault.fields import NotSealed
from apps.vault.models import DataKey, KeyDestroyed

pytestmark = pytest.mark.django_db
NUMBER = "+61491570006"


def line(number: str = NUMBER) -> Line:
    return Line.objects.create(data_key=services.create_data_key(), number=number, index=services.phone_index(number))


def line_again(row: Line) -> Line:
    row.number = NUMBER
    row.save()
    return row


def stored(row: Line) -> bytes:
    with connection.cursor() as cursor:
        key = row.pk.hex if connection.vendor == "sqlite" else row.pk
        cursor.execute("SELECT number FROM messaging_line WHERE id = %s", [key])
        return bytes(cursor.fetchone()[0])


def test_a_number_reads_back_and_the_database_never_saw_it() -> None:
    row = line()
    assert Line.objects.get(pk=row.pk).number == NUMBER
    assert NUMBER.encode() not in stored(row)


def test_the_same_number_is_sealed_differently_each_time_but_found_by_its_blind_index() -> None:
    row = line()
    before = stored(row)
    assert stored(line_again(row)) != before
    assert Line.objects.filter(index__in=services.phone_indexes(NUMBER)).get() == row


def test_a_value_moved_to_another_row_does_not_open() -> None:
    first, second = line(), line("+61491570156")
    Line.objects.filter(pk=second.pk).update(data_key=first.data_key)
    with connection.cursor() as cursor:
        key = (second.pk.hex, first.pk.hex) if connection.vendor == "sqlite" else (second.pk, first.pk)
        cursor.execute(
            "UPDATE messaging_line SET number = (SELECT number FROM messaging_line WHERE id = %s) WHERE id = %s",
            [key[1], key[0]],
        )
    with pytest.raises(crypto.CannotOpen):
        _ = Line.objects.get(pk=second.pk).number


def test_update_and_bulk_update_refuse_plain_text() -> None:
    row = line()
    with pytest.raises(NotSealed), transaction.atomic():
        Line.objects.filter(pk=row.pk).update(number="+61491570156")
    row.number = "+61491570156"
    with pytest.raises(NotSealed), transaction.atomic():
        Line.objects.bulk_update([row], ["number"])
    assert Line.objects.get(pk=row.pk).number == NUMBER


def test_a_destroyed_key_makes_what_it_sealed_unreadable_for_ever() -> None:
    row = line()
    assert services.shred(keys=[row.data_key]) == 1
    with pytest.raises(KeyDestroyed):
        _ = Line.objects.get(pk=row.pk).number
    assert bytes(DataKey.objects.get(pk=row.data_key_id).wrapped) == b""


def test_a_destroyed_key_is_in_the_trail_neither_and_that_it_was_destroyed_is() -> None:
    row = line()
    wrapped = bytes(DataKey.objects.get(pk=row.data_key_id).wrapped).hex()
    services.shred(keys=[row.data_key])
    trail = AuditEvent.objects.filter(table="vault_datakey").order_by("sequence")
    assert [event.operation for event in trail] == ["insert", "update"]
    assert not [event for event in trail if wrapped in f"{event.old} {event.new}".lower()]
    assert json.loads(trail[1].new or "")["destroyed_at"]


def test_rotation_reads_old_keys_and_writes_under_the_newest(settings: object) -> None:
    row = line()
    old = settings.FIELD_KEYS  # type: ignore[attr-defined]
    settings.FIELD_KEYS = "a-brand-new-passphrase-of-more-than-32-characters," + old  # type: ignore[attr-defined]
    assert Line.objects.get(pk=row.pk).number == NUMBER
    while services.rewrap_data_keys():
        pass
    settings.FIELD_KEYS = settings.FIELD_KEYS.split(",")[0]  # type: ignore[attr-defined]
    assert Line.objects.get(pk=row.pk).number == NUMBER


def test_a_sealed_value_says_nothing_of_when_it_was_made() -> None:
    key = b"k" * 32
    sealed = crypto.seal(b"x", key=key, key_id=uuid.UUID(int=1), context="t|c|1")
    stamp = int(dt.datetime.now(dt.UTC).timestamp())
    assert stamp.to_bytes(8, "big")[3:] not in sealed
    assert len(sealed) == 1 + 16 + 12 + 1 + 16

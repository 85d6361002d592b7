"""Nothing regulated changes unseen: every write path, with its actor, on the database that this run uses."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.operations import AlterField
from django.db.migrations.state import ProjectState
from django.db.models import CharField

from apps.audit import actors, services, triggers
from apps.audit.models import AuditEvent, ChainLink
from apps.messaging.models import InboundMessage
from apps.trials.models import Trial
from apps.vault.services import create_data_key
from tests.operations import rows

pytestmark = pytest.mark.django_db
_UPSERT = " ON CONFLICT (sequence) DO UPDATE SET actor = excluded.actor"


def trial(**values: Any) -> Trial:
    given = {
        "registration": "NCT00000001",
        "title": "t",
        "sponsor": "s",
        "window_from": "2027-04-14",
        "window_to": "2028-04-14",
    }
    return Trial(**(given | {"enrolment": 96, "age_min": 18, "age_max": 70} | values))


def trail() -> list[tuple[str, str]]:
    return list(AuditEvent.objects.filter(table="trials_trial").order_by("sequence").values_list("operation", "actor"))


def test_each_write_path_leaves_one_row_with_its_actor() -> None:
    with actors.acting(actor="user:alice", reason="why"):
        row = trial()
        row.save()
        row.title = "u"
        row.save()
        Trial.objects.filter(pk=row.pk).update(title="v")
        Trial.objects.bulk_create([trial(registration="NCT00000002")])
        row.title = "w"
        Trial.objects.bulk_update([row], ["title"])
        with connection.cursor() as cursor:
            cursor.execute("UPDATE trials_trial SET title = 'x' WHERE id = %s", [row.pk])
        Trial.objects.filter(registration="NCT00000002")._raw_delete("default")
        row.delete()
    operations = ["insert", "update", "update", "insert", "update", "update", "delete", "delete"]
    assert trail() == [(operation, "user:alice") for operation in operations]
    assert set(AuditEvent.objects.filter(table="trials_trial").values_list("reason", flat=True)) == {"why"}


def test_old_and_new_values_are_kept() -> None:
    row = trial()
    row.save()
    Trial.objects.filter(pk=row.pk).update(title="after")
    event = AuditEvent.objects.get(table="trials_trial", operation="update")
    assert event.old is not None
    assert event.new is not None
    assert (json.loads(event.old)["title"], json.loads(event.new)["title"]) == ("t", "after")


def test_a_write_without_an_actor_is_refused() -> None:
    token = actors._current.set(None)
    try:
        with pytest.raises(DatabaseError, match="without an actor"), transaction.atomic():
            trial().save()
    finally:
        actors._current.reset(token)
    assert not Trial.objects.exists()


def test_an_update_that_changes_nothing_is_no_event() -> None:
    row = trial()
    row.save()
    Trial.objects.filter(pk=row.pk).update(title="t")
    assert [operation for operation, _ in trail()] == ["insert"]


def test_a_lease_is_no_event_but_a_due_row_is() -> None:
    services.ensure_sealing()
    watched = {item.table: item.watched for item in triggers.regulated()}
    assert "audit_sealing" not in watched
    assert "fence" not in watched["messaging_inboundmessage"]
    assert "disposition" in watched["messaging_inboundmessage"]


@pytest.mark.parametrize("statement", ["UPDATE audit_auditevent SET actor = 'x'", "DELETE FROM audit_auditevent"])
def test_the_trail_itself_cannot_be_changed(statement: str) -> None:
    trial().save()
    with pytest.raises(DatabaseError, match="audit:"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert trail() == [("insert", "test")]


def test_the_chain_stands_and_one_changed_byte_breaks_it() -> None:
    trial().save()
    trial(registration="NCT00000002").save()
    services.seal_chain()
    assert services.verify().problems == ()
    triggers.remove_all()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditevent SET reason = 'another' WHERE \"table\" = 'trials_trial'")
    triggers.install()
    assert any("chain broken" in problem for problem in services.verify().problems)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trials_trial SET title = 'another'",
        "DELETE FROM trials_trial",
        "UPDATE trials_trial SET registration = 'NCT00000009' WHERE registration = 'NCT00000002'",
    ],
)
def test_what_was_written_while_no_trigger_stood_is_found_in_the_rows(statement: str) -> None:
    trial().save()
    trial(registration="NCT00000002").save()
    assert services.verify().problems == ()
    triggers.remove_all()
    with connection.cursor() as cursor:
        cursor.execute(statement)
    triggers.install()
    (problem,) = services.verify().problems
    assert "rows of trials_trial are not as the trail left them" in problem


def test_a_row_that_was_put_there_while_no_trigger_stood_is_found_and_named() -> None:
    triggers.remove_all()
    row = trial()
    row.save()
    triggers.install()
    (problem,) = services.verify().problems
    assert problem.startswith("1 rows of trials_trial")
    assert str(row.pk).replace("-", "") in problem.replace("-", "")


def test_leases_and_what_the_trail_hides_are_no_difference() -> None:
    row = rows.inbound()
    InboundMessage.objects.filter(pk=row.pk).update(fence=7, attempts=1)
    create_data_key()
    assert services.verify().problems == ()


def test_the_last_event_of_the_chain_is_missed_like_any_other() -> None:
    trial().save()
    services.seal_chain()
    last = ChainLink.objects.order_by("-position")[0]
    triggers.remove_all()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA defer_foreign_keys=ON")
        cursor.execute("DELETE FROM audit_auditevent WHERE sequence = %s", [last.event_id])
    assert f"link {last.position} is missing, or its event is" in services.verify().problems
    last.delete()


def test_a_chain_that_was_made_anew_is_told_by_the_head_that_was_noted_elsewhere(capsys: Any) -> None:
    trial().save()
    call_command("verify_audit", "--json")
    noted = json.loads(capsys.readouterr().out)["head"]
    trial(registration="NCT00000002").save()
    call_command("verify_audit", "--anchor", noted)
    triggers.remove_all()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_chainlink")
        cursor.execute("UPDATE audit_auditevent SET actor = 'another'")
    triggers.install()
    call_command("verify_audit")  # by itself it stands
    with pytest.raises(CommandError, match="1 breaks"):
        call_command("verify_audit", "--anchor", noted)
    assert f"link {noted.split(':')[0]} is not the one that was noted" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "12", "12:abc", f"x:{'0' * 64}"])
def test_what_is_no_head_is_named(text: str) -> None:
    with pytest.raises(CommandError, match="not a head"):
        call_command("verify_audit", "--anchor", text)


def test_a_trigger_that_no_model_asks_for_any_more_is_taken_away() -> None:
    head = "AFTER DELETE ON trials_trial FOR EACH ROW"
    body = "BEGIN SELECT 1; END" if connection.vendor == "sqlite" else "EXECUTE FUNCTION trialcare_audit_write('id')"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE TRIGGER "trialcare_audit_of_yesterday" {head} {body}')
    triggers.install()
    assert triggers.installed() == triggers.expected(vendor=connection.vendor)


def test_a_lease_on_a_regulated_row_is_no_event_and_its_other_columns_are() -> None:
    row = rows.inbound()
    rows_of = AuditEvent.objects.filter(table="messaging_inboundmessage")
    InboundMessage.objects.filter(pk=row.pk).update(fence=7, attempts=1)
    assert list(rows_of.values_list("operation", flat=True)) == ["insert"]
    InboundMessage.objects.filter(pk=row.pk).update(fence=8, media_count=2)
    assert list(rows_of.order_by("sequence").values_list("operation", flat=True)) == ["insert", "update"]


def test_a_missing_trigger_is_found_by_name() -> None:
    name = "trialcare_audit_trials_trial_update"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TRIGGER "{name}"' + ("" if connection.vendor == "sqlite" else ' ON "trials_trial"'))
    assert services.verify().problems == (f"trigger missing: {name}",)
    with pytest.raises(CommandError):
        call_command("verify_audit")


@pytest.mark.parametrize("table", ["trials_trial", "safety_adverseevent"])
def test_a_trigger_that_stands_and_does_nothing_is_found_by_name(table: str) -> None:
    name = f"trialcare_audit_{table}_update"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f'DROP TRIGGER "{name}"')
            cursor.execute(f'CREATE TRIGGER "{name}" AFTER UPDATE ON "{table}" FOR EACH ROW BEGIN SELECT 1; END')
        else:
            cursor.execute(f'ALTER TABLE "{table}" ENABLE REPLICA TRIGGER "{name}"')
    kind = "changed" if connection.vendor == "sqlite" else "missing"
    assert services.verify().problems == (f"trigger {kind}: {name}",)
    triggers.install()
    assert services.verify().problems == ()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="only PostgreSQL keeps what a trigger does in a function")
@pytest.mark.parametrize("name", ["trialcare_audit_write", "trialcare_audit_refuse"])
def test_an_emptied_function_behind_the_triggers_is_found(name: str) -> None:
    with connection.cursor() as cursor:
        body = "LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        cursor.execute(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger {body}")
    assert services.verify().problems == (f"function changed: {name}",)


def test_no_row_of_the_trail_is_put_in_the_place_of_another() -> None:
    trial().save()
    row: dict[str, Any] = {**AuditEvent.objects.values().get(table="trials_trial"), "actor": "x"}
    names = ", ".join(f'"{name}"' for name in row)
    or_replace, on_conflict = ("OR REPLACE", "") if connection.vendor == "sqlite" else ("", _UPSERT)
    statement = (
        f"INSERT {or_replace} INTO audit_auditevent ({names}) VALUES ({', '.join(['%s'] * len(row))}){on_conflict}"
    )
    with pytest.raises(DatabaseError, match="audit:"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, list(row.values()))
    assert trail() == [("insert", "test")]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has REPLACE")
def test_a_row_that_another_replaces_leaves_its_trace() -> None:
    trial().save()
    names = ", ".join(f'"{field.column}"' for field in Trial._meta.concrete_fields)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT OR REPLACE INTO trials_trial ({names}) SELECT {names} FROM trials_trial")
    assert sorted(operation for operation, _ in trail()) == ["delete", "insert", "insert"]


def test_two_sealers_cannot_both_follow_one_link() -> None:
    trial().save()
    assert services.seal_chain() > 0
    assert services.seal_chain() == 0
    assert ChainLink.objects.count() == AuditEvent.objects.count()


def test_every_regulated_table_has_its_triggers() -> None:
    assert triggers.installed() == triggers.expected(vendor=connection.vendor)


@pytest.mark.django_db(transaction=True)
def test_after_a_migration_that_remakes_a_table_the_triggers_still_stand() -> None:
    state = ProjectState.from_apps(__import__("django.apps", fromlist=["apps"]).apps)
    wider = AlterField("trial", "title", CharField(max_length=201))
    after = state.clone()
    wider.state_forwards("trials", after)
    triggers.make_room()  # as every migrate does first
    with connection.schema_editor() as editor:  # on SQLite this remakes the table, and its triggers are gone
        wider.database_forwards("trials", editor, state, after)
    standing = triggers.installed()  # on PostgreSQL a deploy runs while texts arrive: no moment without them
    assert standing == (set() if connection.vendor == "sqlite" else triggers.expected(vendor="postgresql"))
    call_command("migrate", verbosity=0)
    assert triggers.installed() == triggers.expected(vendor=connection.vendor)
    trial().save()
    assert trail()[-1] == ("insert", "test")


@pytest.mark.django_db(transaction=True)
def test_triggers_that_cannot_all_be_made_leave_the_old_ones_standing() -> None:
    """On SQLite they are remade in one transaction: one by one they would also keep the writer's place for seconds."""
    made = 0

    def breaks_at_the_fortieth(execute: Any, sql: str, *given: Any) -> Any:
        nonlocal made
        made += sql.lstrip().startswith("CREATE") and "TRIGGER" in sql
        if made == 40:
            raise OSError("the disk is gone")
        return execute(sql, *given)

    with connection.execute_wrapper(breaks_at_the_fortieth), pytest.raises(OSError, match="the disk is gone"):
        triggers.install()
    assert triggers.installed() == triggers.expected(vendor=connection.vendor)


def test_each_writer_of_one_transaction_is_named_also_after_a_savepoint_was_rolled_back() -> None:
    with actors.acting(actor="user:alice"):
        with transaction.atomic():
            trial(registration="NCT00000002").save()
            with actors.acting(actor="user:bob"):
                trial(registration="NCT00000003").save()
            transaction.set_rollback(True)
        trial().save()
    with actors.acting(actor="user:bob"):
        Trial.objects.update(title="u")
        with actors.because("why"):
            Trial.objects.update(title="v")
    with actors.acting(actor="user:alice"):
        Trial.objects.update(title="w")
    assert trail() == [
        ("insert", "user:alice"), ("update", "user:bob"), ("update", "user:bob"), ("update", "user:alice"),
    ]  # fmt: skip
    reasons = AuditEvent.objects.filter(table="trials_trial").order_by("sequence").values_list("reason", flat=True)
    assert list(reasons) == ["", "", "why", ""]


@pytest.mark.django_db(transaction=True)
def test_each_transaction_names_its_writer_anew() -> None:
    """Committed, rolled back, or a statement of its own: what the one before announced holds for none of them."""
    with actors.acting(actor="user:alice"):
        with transaction.atomic():
            trial().save()
        with transaction.atomic():
            Trial.objects.update(title="u")
        with transaction.atomic():
            Trial.objects.update(title="v")
            transaction.set_rollback(True)
        with transaction.atomic():
            assert Trial.objects.exists()
            Trial.objects.update(title="w")
        Trial.objects.update(title="x")
    token = actors._current.set(None)
    try:
        with pytest.raises(DatabaseError, match="without an actor"), transaction.atomic():
            Trial.objects.update(title="nobody")
    finally:
        actors._current.reset(token)
    assert trail() == [("insert", "user:alice"), *[("update", "user:alice")] * 3]


@pytest.mark.django_db(transaction=True)
def test_a_statement_of_its_own_lends_its_name_to_nobody_after_it() -> None:
    """The database is told who writes once a connection and writer: whoever comes next is announced, inside a transaction or not."""
    with actors.acting(actor="worker"):
        trial().save()
    with actors.acting(actor="user:alice"), transaction.atomic():
        Trial.objects.update(title="u")
        with actors.acting(actor="worker"):
            Trial.objects.update(title="v")
    with actors.acting(actor="worker"), transaction.atomic():
        Trial.objects.update(title="w")
    with actors.acting(actor="user:bob"):
        Trial.objects.update(title="x")
        connection.close()
        Trial.objects.update(title="y")
    with actors.acting(actor="worker"):
        Trial.objects.update(title="z")
    assert [actor for _, actor in trail()] == [
        "worker", "user:alice", "worker", "worker", "user:bob", "user:bob", "worker",
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_who_writes_in_a_transaction_is_announced_in_it_whatever_the_session_was_told_before() -> None:
    """A pooler may give each transaction another session, and a session may be reset between two."""
    with actors.acting(actor="user:alice"):
        trial().save()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('trialcare.actor', 'somebody else', false)")
        with transaction.atomic():
            Trial.objects.update(title="u")
    connection.set_autocommit(False)
    try:
        with actors.acting(actor="user:bob"):
            Trial.objects.update(title="v")
            connection.rollback()
            Trial.objects.update(title="w")
            connection.commit()
    finally:
        connection.set_autocommit(True)
    assert [actor for _, actor in trail()] == ["user:alice", "user:alice", "user:bob"]

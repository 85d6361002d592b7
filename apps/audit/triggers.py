"""Triggers on every regulated table, on both databases, in one place.

Regulated is every model of the project's own apps, many-to-many tables included, unless its class says `audit_exempt = "why"`.
Columns named in `audit_ignored` (leases and the like) are not a change by themselves. Those in `audit_hidden` are, but what they hold is
kept in no trail: a destroyed key that stood there would not be destroyed.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connections, models, transaction

PREFIX = "trialcare_audit"
_OWN_TABLES = ("audit_auditevent", "audit_chainlink")
_NAME = re.compile(r'TRIGGER "([^"]+)"')
_FUNCTION = re.compile(r"FUNCTION (\w+)\(")


class UnknownDatabase(Exception):
    """There are audit triggers for PostgreSQL and SQLite only."""


@dataclass(frozen=True)
class Regulated:
    """A table under the trail: its key column, its columns, those whose change counts, and those whose values are not kept."""

    table: str
    key: str
    columns: tuple[str, ...]
    watched: tuple[str, ...]
    hidden: tuple[str, ...]


def regulated() -> list[Regulated]:
    """Every table under the trail, by name."""
    models_ = [model for model in apps.get_models(include_auto_created=True) if _is_regulated(model)]
    return sorted((_describe(model) for model in models_), key=lambda item: item.table)


def _is_regulated(model: type[models.Model]) -> bool:
    ours = model.__module__.startswith("apps.") or model._meta.app_config.name.startswith("apps.")
    return (
        ours
        and model._meta.managed
        and not model._meta.proxy
        and not getattr(model, "audit_exempt", "")
        and model._meta.db_table not in (*_OWN_TABLES, "audit_sealing")
    )


def _describe(model: type[models.Model]) -> Regulated:
    fields = model._meta.local_concrete_fields
    columns = tuple(str(field.column) for field in fields)
    unwatched, unseen = getattr(model, "audit_ignored", ()), getattr(model, "audit_hidden", ())
    watched = tuple(str(field.column) for field in fields if field.name not in unwatched)
    hidden = tuple(str(field.column) for field in fields if field.name in unseen)
    return Regulated(model._meta.db_table, str(model._meta.pk.column), columns, watched, hidden)


def expected(*, vendor: str) -> set[str]:
    """Names of all triggers that must stand on a database of this kind."""
    return set(_expected_definitions(vendor))


def installed(*, using: str = "default") -> set[str]:
    """Names of the audit triggers that stand on the database now."""
    return set(_definitions(using))


def problems(*, using: str = "default") -> list[str]:
    """Every trigger that is missing, or stands under its name and does something else; none when the trail is whole."""
    wanted, found = _expected_definitions(connections[using].vendor), _definitions(using)
    changed = sorted(name for name in wanted.keys() & found.keys() if wanted[name] != found[name])
    return [
        *(f"trigger missing: {name}" for name in sorted(wanted.keys() - found.keys())),
        *(f"trigger changed: {name}" for name in changed),
        *(f"function changed: {name}" for name in _changed_functions(using)),
    ]


def _expected_definitions(vendor: str) -> dict[str, str]:
    statements = _statements(vendor, {item.table for item in regulated()})
    named = {_NAME.search(statement): statement for statement in statements}
    return {found[1]: _plain(statement) for found, statement in named.items() if found}


def _definitions(using: str) -> dict[str, str]:
    """By name, what each audit trigger that stands does. On PostgreSQL one that is switched off, or on for replicas alone, stands not."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s", [PREFIX + "%"]
            )
        else:
            cursor.execute(
                "SELECT tgname, pg_get_triggerdef(t.oid, true)"
                " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgname LIKE %s AND n.nspname = current_schema()",
                [PREFIX + "%"],
            )
        return {name: _plain(definition) for name, definition in cursor.fetchall()}


def _changed_functions(using: str) -> list[str]:
    """On PostgreSQL what the triggers do stands in two functions."""
    if connections[using].vendor == "sqlite":
        return []
    wanted = {_FUNCTION.search(each): each.split("$body$")[1] for each in (_POSTGRESQL_FUNCTION, _POSTGRESQL_REFUSE)}
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace")
        found = dict(cursor.fetchall())
    return [name[1] for name, body in wanted.items() if name and found.get(name[1]) != body]


def _plain(definition: str) -> str:
    """As both we and the database write it."""
    return " ".join(definition.replace("CREATE OR REPLACE TRIGGER", "CREATE TRIGGER").replace('"', "").split())


def remove_all(*, using: str = "default") -> None:
    connection = connections[using]
    if connection.vendor != "sqlite":
        _remove(None, using=using)
        return
    with _one_writer(using), connection.cursor() as cursor:
        for name in installed(using=using):
            cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')


def _one_writer(using: str) -> transaction.Atomic:
    """SQLite: some hundred statements that each wait for the disk would keep the one writer's place from texts for seconds."""
    return transaction.atomic(using=using)


def _remove(names: set[str] | None, *, using: str) -> None:
    """On PostgreSQL: these triggers, or all of them."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE NOT tgisinternal AND tgname LIKE %s AND n.nspname = current_schema()",
            [PREFIX + "%"],
        )
        for name, table in cursor.fetchall():
            if names is None or name in names:
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"')


def make_room(*, using: str = "default") -> None:
    """Before a migrate. Django remakes SQLite tables and drops their triggers silently, so there all go. On PostgreSQL none goes:
    a deploy runs while texts arrive, and no write may be unseen.
    """
    if connections[using].vendor == "sqlite":
        remove_all(using=using)


def install(*, using: str = "default") -> None:
    """Install every trigger whose table exists. Safe to repeat, and on PostgreSQL without a moment in which one is missing."""
    connection = connections[using]
    if connection.vendor not in ("sqlite", "postgresql"):
        raise UnknownDatabase(connection.vendor)
    if connection.vendor == "sqlite":
        with _one_writer(using):
            remove_all(using=using)
            _create(using)
        return
    _create(using)
    _remove(installed(using=using) - expected(vendor="postgresql"), using=using)


def _create(using: str) -> None:
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if "audit_auditevent" not in tables:
        return
    with connection.cursor() as cursor:
        for statement in _statements(connection.vendor, tables):
            cursor.execute(statement)


def _statements(vendor: str, tables: set[str]) -> list[str]:
    make: Any = _sqlite if vendor == "sqlite" else _postgresql
    guard: Any = _sqlite_guard if vendor == "sqlite" else _postgresql_guard
    statements = [] if vendor == "sqlite" else [_POSTGRESQL_FUNCTION, _POSTGRESQL_REFUSE]
    for item in regulated():
        if item.table in tables:
            statements += make(item)
    for table in _OWN_TABLES:
        statements += guard(table)
    return statements


def row_as_kept(item: Regulated, alias: str, *, vendor: str) -> str:
    """SQL for a row as the trail keeps it, as JSON text."""
    if vendor == "sqlite":
        return _sqlite_row(item, alias)
    return f"(to_jsonb({alias}) - '{{{','.join(item.hidden)}}}'::text[])::text"


# --- SQLite: the actor comes from a function that only our own connections define; another program's write is refused.


def _sqlite_row(item: Regulated, alias: str) -> str:
    def shown(column: str) -> str:
        value = f'{alias}."{column}"'
        return f"CASE typeof({value}) WHEN 'blob' THEN hex({value}) ELSE {value} END"

    # json_object takes at most 127 arguments; wide tables are patched together.
    kept = [column for column in item.columns if column not in item.hidden]
    parts = [kept[start : start + 40] for start in range(0, len(kept), 40)]
    objects = ["json_object(" + ", ".join(f"'{column}', {shown(column)}" for column in part) + ")" for part in parts]
    text = objects[0]
    for further in objects[1:]:
        text = f"json_patch({text}, {further})"
    return text


def _sqlite(item: Regulated) -> list[str]:
    old, new = _sqlite_row(item, "OLD"), _sqlite_row(item, "NEW")
    changed = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in item.watched)
    return [
        _sqlite_trigger(item, "insert", "AFTER INSERT", "", f'NEW."{item.key}"', "NULL", new),
        _sqlite_trigger(item, "update", "AFTER UPDATE", f"WHEN {changed}", f'NEW."{item.key}"', old, new),
        _sqlite_trigger(item, "delete", "AFTER DELETE", "", f'OLD."{item.key}"', old, "NULL"),
    ]


def _sqlite_trigger(item: Regulated, operation: str, event: str, when: str, key: str, old: str, new: str) -> str:
    return f"""CREATE TRIGGER "{PREFIX}_{item.table}_{operation}" {event} ON "{item.table}" FOR EACH ROW {when} BEGIN
    SELECT CASE WHEN coalesce(trialcare_acting('actor'), '') = '' THEN RAISE(ABORT, 'audit: a write without an actor') END;
    INSERT INTO audit_auditevent ("at", "table", row_key, operation, actor, reason, request_id, "old", "new") VALUES (
        strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z', '{item.table}', {key}, '{operation}', trialcare_acting('actor'),
        coalesce(trialcare_acting('reason'), ''), coalesce(trialcare_acting('request_id'), ''), {old}, {new});
END"""


def _sqlite_guard(table: str) -> list[str]:
    return [
        f"""CREATE TRIGGER "{PREFIX}_guard_{table}_{operation}" BEFORE {operation.upper()} ON "{table}" BEGIN
    SELECT RAISE(ABORT, 'audit: the trail is append-only');
END"""
        for operation in ("update", "delete")
    ]


# --- PostgreSQL: actor and reason are settings of the transaction. No trigger names a column, so that a migration may change any.
# Its first argument is the key column, followed by those whose values are not kept; the others are columns whose change does not count.

_POSTGRESQL_FUNCTION = """CREATE OR REPLACE FUNCTION trialcare_audit_write() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    who text := coalesce(current_setting('trialcare.actor', true), '');
    named text[] := string_to_array(TG_ARGV[0], ' ');
    before jsonb := CASE WHEN TG_OP IN ('UPDATE', 'DELETE') THEN to_jsonb(OLD) END;
    after jsonb := CASE WHEN TG_OP IN ('INSERT', 'UPDATE') THEN to_jsonb(NEW) END;
    ignored text[] := TG_ARGV[1:];
BEGIN
    IF TG_OP = 'UPDATE' AND before - ignored = after - ignored THEN RETURN NULL; END IF;
    IF who = '' THEN RAISE EXCEPTION 'audit: a write without an actor'; END IF;
    INSERT INTO audit_auditevent ("at", "table", row_key, operation, actor, reason, request_id, "old", "new") VALUES (
        to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), TG_TABLE_NAME,
        coalesce(after, before) ->> named[1], lower(TG_OP), who,
        coalesce(current_setting('trialcare.reason', true), ''), coalesce(current_setting('trialcare.request', true), ''),
        (before - named[2:])::text, (after - named[2:])::text);
    RETURN NULL;
END $body$"""

_POSTGRESQL_REFUSE = """CREATE OR REPLACE FUNCTION trialcare_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN RAISE EXCEPTION 'audit: the trail and regulated tables refuse %', TG_OP; END $body$"""


def _postgresql(item: Regulated) -> list[str]:
    ignored = [column for column in item.columns if column not in item.watched]
    arguments = ", ".join(f"'{argument}'" for argument in (" ".join((item.key, *item.hidden)), *ignored))

    def trigger(operation: str) -> str:
        head = (
            f'CREATE OR REPLACE TRIGGER "{PREFIX}_{item.table}_{operation}" AFTER {operation.upper()} ON "{item.table}"'
        )
        return f"{head} FOR EACH ROW EXECUTE FUNCTION trialcare_audit_write({arguments})"

    truncate = (
        f'CREATE OR REPLACE TRIGGER "{PREFIX}_{item.table}_truncate" BEFORE TRUNCATE ON "{item.table}"'
        " FOR EACH STATEMENT EXECUTE FUNCTION trialcare_audit_refuse()"
    )
    return [trigger("insert"), trigger("update"), trigger("delete"), truncate]


def _postgresql_guard(table: str) -> list[str]:
    def guard(operation: str, each: str) -> str:
        name = f"{PREFIX}_guard_{table}_{operation}"
        refuse = "EXECUTE FUNCTION trialcare_audit_refuse()"
        return f'CREATE OR REPLACE TRIGGER "{name}" BEFORE {operation.upper()} ON "{table}" {each} {refuse}'

    return [guard("update", "FOR EACH ROW"), guard("delete", "FOR EACH ROW"), guard("truncate", "FOR EACH STATEMENT")]

"""Between tests with real commits the test database is emptied row by row, not by Django's flush.

Regulated tables refuse TRUNCATE, so a flush would need all triggers away and back, and on PostgreSQL it makes every file of every table
anew: five seconds a test, where the few rows are gone in hundredths. What migrate fills for Django itself stays.
"""

from django.db import connection, transaction
from django.test import TransactionTestCase

from apps.audit import triggers

_DJANGOS_OWN = frozenset({"django_migrations", "django_content_type", "auth_permission"})


def after_tests(_: TransactionTestCase) -> None:
    """In the place of `TransactionTestCase._fixture_teardown`."""
    tables = _with_rows()
    if connection.vendor == "sqlite":
        with transaction.atomic():
            triggers.remove_all()
            _delete(tables)
            triggers.install()
        return
    _each(tables, "ALTER TABLE {} DISABLE TRIGGER USER")
    with transaction.atomic():  # foreign keys are looked at when it ends: the order is free
        _delete(tables)
    _each(tables, "ALTER TABLE {} ENABLE TRIGGER USER")


def _with_rows() -> list[str]:
    tables = sorted(set(connection.introspection.table_names()) - _DJANGOS_OWN)
    asked = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {_quoted(table)})" for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return [name for (name,) in cursor.fetchall()]


def _delete(tables: list[str]) -> None:
    _each(tables, "DELETE FROM {}")


def _each(tables: list[str], statement: str) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(statement.format(_quoted(table)))


def _quoted(table: str) -> str:
    return connection.ops.quote_name(table)

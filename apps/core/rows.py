"""Writing a row unless it is there, in one statement that also says which it was."""

from typing import cast

from django.db import connection, models
from django.db.models import sql
from django.db.models.constants import OnConflict
from django.db.models.sql.compiler import SQLInsertCompiler


def insert_once(row: models.Model) -> bool:
    """Write a new row unless a unique value of it stands in the table already; whether it was written.

    What another process has written and not committed is waited for. `row` counts as saved when True comes back, and is worth nothing
    otherwise. Django's own `bulk_create(ignore_conflicts=True)` does not tell the two apart, which costs a second statement.
    """
    meta = row._meta
    fields = [field for field in meta.concrete_fields if not field.generated]
    row._prepare_related_fields_for_save(operation_name="insert_once")  # type: ignore[attr-defined]
    query = sql.InsertQuery(type(row), on_conflict=OnConflict.IGNORE)
    query.insert_values(fields, [row])
    compiler = cast(SQLInsertCompiler, query.get_compiler(connection=connection))
    compiler.returning_fields = [meta.pk]
    [(statement, values)] = compiler.as_sql()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        is_written = cursor.fetchone() is not None
    row._state.adding, row._state.db = not is_written, connection.alias
    return is_written

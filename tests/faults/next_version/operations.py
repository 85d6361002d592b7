"""A migration's operation on another app's table: what version N of that app would do itself."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import AddIndex
from django.db.models import Index


class On(Operation):
    """`operation`, in the name of the app `label`."""

    reversible = False

    def __init__(self, label: str, operation: Operation) -> None:
        self.label, self.operation = label, operation

    def state_forwards(self, app_label: str, state: Any) -> None:
        self.operation.state_forwards(self.label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self.operation.database_forwards(self.label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"{self.label}: {self.operation.describe()}"


class AddIndexUnderTraffic(AddIndex):
    """Concurrently on PostgreSQL, which otherwise keeps every writer out; SQLite has one writer anyway."""

    def __init__(self, model_name: str, index: Index) -> None:
        super().__init__(model_name, index)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        adder = AddIndexConcurrently if schema_editor.connection.vendor == "postgresql" else AddIndex
        adder(self.model_name, self.index).database_forwards(app_label, schema_editor, from_state, to_state)

"""A text field that the database only ever sees sealed.

The model has a UUID primary key set before its first save and a foreign key `data_key`. Reading opens lazily; writing seals when the
row is saved; `update()` and `bulk_update()` refuse a value that is not sealed already, since they cannot know the row.
"""

from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from apps.core import crypto
from apps.vault.models import DataKey


class NotSealed(TypeError):
    """A sealed column was given plain text outside `save()`."""


class Sealed(bytes):
    """Bytes that are sealed already."""


class _SealedAttribute(DeferredAttribute):
    """Opens on the first read, and remembers the plain text on the instance only."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, bytes | memoryview):
            return value
        field: SealedTextField = self.field  # type: ignore[assignment]
        return field.open(instance, bytes(value))


class SealedTextField(models.BinaryField):  # type: ignore[type-arg]
    """Text sealed with the row's data key, bound to table, column and primary key (decision 10)."""

    description = "sealed text"
    descriptor_class = _SealedAttribute

    def __init__(self, *args: Any, key: str = "data_key", **kwargs: Any) -> None:
        self.key = key
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)
        self.editable = False

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        if self.key != "data_key":
            kwargs["key"] = self.key
        return name, path, args, kwargs

    def get_default(self) -> Any:
        return ""

    def context(self, instance: models.Model) -> str:
        return f"{instance._meta.db_table}|{self.column}|{instance.pk}"

    def open(self, instance: models.Model, sealed: bytes) -> str:
        """Raises KeyDestroyed after shredding and crypto.CannotOpen when the bytes were moved or changed."""
        if not sealed:
            return ""
        key: DataKey = getattr(instance, self.key)
        return crypto.open_sealed(sealed, key=key.opened(), context=self.context(instance)).decode()

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed:
        value = model_instance.__dict__.get(self.attname, "")
        if isinstance(value, str):
            return self.seal(model_instance, value)
        return Sealed(bytes(value))

    def seal(self, instance: models.Model, plain: str) -> Sealed:
        """The stored form of `plain` for this row; the empty text stays empty."""
        if not plain:
            return Sealed(b"")
        key: DataKey = getattr(instance, self.key)
        return Sealed(crypto.seal(plain.encode(), key=key.opened(), key_id=key.id, context=self.context(instance)))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and not isinstance(value, Sealed):
            raise NotSealed(f"{self.model.__name__}.{self.name} takes plain text only through save()")
        return super().get_db_prep_value(value, connection, prepared)

    def value_to_string(self, obj: models.Model) -> str:
        return ""

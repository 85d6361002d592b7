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
    """Holds what the database holds, or plain text that is not saved yet; opens on read and remembers what it opened."""

    field: "SealedTextField"

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        if self.field.attname not in instance.__dict__:
            super().__get__(instance, cls)  # a deferred column is fetched now
        value = instance.__dict__[self.field.attname]
        if isinstance(value, str):
            return value
        opened = instance.__dict__.setdefault("_opened", {})
        if self.field.attname not in opened:
            opened[self.field.attname] = self.field.open(instance, bytes(value))
        return opened[self.field.attname]

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__.setdefault("_opened", {}).pop(self.field.attname, None)
        instance.__dict__[self.field.attname] = "" if value is None else value


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

    def _check_str_default_value(self) -> list[Any]:
        return []  # the plain side of this field is text, so its default is text too

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
        if not isinstance(value, str):
            return Sealed(bytes(value))
        sealed = self.seal(model_instance, value)
        setattr(model_instance, self.attname, sealed)  # a second save writes the same bytes: no change, no audit row
        model_instance.__dict__["_opened"][self.attname] = value
        return sealed

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


def stored_form(instance: models.Model, name: str) -> Sealed:
    """What stands in the database for this column, or will after `save()`: where it was not sealed yet it is now."""
    field = instance._meta.get_field(name)
    assert isinstance(field, SealedTextField)
    return field.pre_save(instance, add=instance._state.adding)

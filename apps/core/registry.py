"""One new thing, one file: classes found in a folder of plug-ins, made when first used."""

import importlib
import inspect
import pkgutil
from functools import cached_property
from typing import Generic, TypeVar

T = TypeVar("T")


class UnknownPlugin(Exception):
    """No file of this folder offers a class with that name."""


class Folder(Generic[T]):
    """The plug-ins of one package: every class in its modules that derives from `base` and has a `name` of its own.

    The folder hands out classes; who makes an instance decides when, so that a plug-in whose secrets are absent costs nothing.
    """

    def __init__(self, package: str, *, base: type[T]) -> None:
        self.package = package
        self.base = base

    @cached_property
    def classes(self) -> dict[str, type[T]]:
        found: dict[str, type[T]] = {}
        path = importlib.import_module(self.package).__path__
        for module in sorted(module.name for module in pkgutil.iter_modules(path)):
            for plugin in self._offered(f"{self.package}.{module}"):
                found[vars(plugin)["name"]] = plugin
        return found

    def _offered(self, module_name: str) -> list[type[T]]:
        module = importlib.import_module(module_name)
        own = [item for _, item in inspect.getmembers(module, inspect.isclass) if item.__module__ == module_name]
        return [item for item in own if issubclass(item, self.base) and "name" in vars(item)]

    @property
    def names(self) -> list[str]:
        return sorted(self.classes)

    def __getitem__(self, name: str) -> type[T]:
        try:
            return self.classes[name]
        except KeyError:
            raise UnknownPlugin(f"{name!r} is none of {', '.join(self.names)}") from None

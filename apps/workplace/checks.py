"""The build fails when a page of the workplace stands outside the wall."""

from typing import Any

from django.contrib import admin
from django.core.checks import CheckMessage, Error, register

from apps.workplace.scoped import ScopedModelAdmin


@register()
def pages_are_scoped(**_: Any) -> list[CheckMessage]:
    """E001 for every class in the registry that does not derive from the scoped base."""
    return [
        Error(f"{type(page).__name__} does not derive from ScopedModelAdmin", id="workplace.E001", obj=model)
        for model, page in admin.site._registry.items()
        if not isinstance(page, ScopedModelAdmin)
    ]

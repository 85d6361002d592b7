"""What stops the program before the first text: a catalogue that cannot be read. Triage would send every text to a person."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from apps.triage.rules import CatalogueError, catalogue


@register()
def catalogue_is_read(**_: Any) -> list[CheckMessage]:
    try:
        catalogue()
    except CatalogueError as error:
        return [Error(f"the symptom catalogue cannot be read: {error}", hint="mend the named file", id="triage.E001")]
    return []

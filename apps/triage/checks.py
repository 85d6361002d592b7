"""What stops the program before the first text: a catalogue that cannot be read. Triage would send every text to a person."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from apps.core.registry import UnknownPlugin
from apps.triage import second_reader
from apps.triage.rules import CatalogueError, catalogue


@register("triage", deploy=True)
def catalogue_is_read(**_: Any) -> list[CheckMessage]:
    """At `check --deploy` and at the start of a worker: what never reads a text need not wait a second for it, nor keep it in memory."""
    try:
        catalogue()
    except CatalogueError as error:
        return [Error(f"the symptom catalogue cannot be read: {error}", hint="mend the named file", id="triage.E001")]
    return []


@register()
def second_reader_is_known(**_: Any) -> list[CheckMessage]:
    try:
        second_reader.chosen()
    except UnknownPlugin as error:
        return [Error(f"TRIAGE_SECOND_READER: {error}", hint="leave it empty to switch it off", id="triage.E002")]
    return []

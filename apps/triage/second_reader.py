"""The port of an outside second reader: something slow or clever that reads what the rules let pass. It can only send a text to a person.

Off by default (`TRIAGE_SECOND_READER`). It is asked after everything urgent has been done, in a lane of its own, so that neither its
silence nor its mistakes delay or lower anything.
"""

from typing import ClassVar

from django.conf import settings

from apps.core.registry import Folder


class SecondReaderError(Exception):
    """It gave no answer: asked again later, and what the rules said stands."""


class SecondReader:
    """One reader. `name` is what the setting says. It answers within 20 s: the lease of its row runs out at 30."""

    name: ClassVar[str]

    def wants_a_person(self, text: str, *, sender: str) -> bool:
        """Whether a person should read this text. `sender` is "participant" or "caregiver". Raises SecondReaderError."""
        raise NotImplementedError


READERS = Folder("apps.triage.readers", base=SecondReader)


def chosen() -> SecondReader | None:
    """The reader that is switched on, or None. Raises UnknownPlugin for a name that no file offers."""
    name: str = settings.TRIAGE_SECOND_READER
    return READERS[name]() if name else None

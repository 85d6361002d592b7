"""A second reader of what the rules let pass. It only opens a task: levels, alarms and answers stay as they are."""

from django.conf import settings

from apps.conversations.board import READ_WITHIN, open_task
from apps.conversations.models import SecondReading
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.core.work import Lane
from apps.triage import second_reader
from apps.triage.models import SymptomReport
from apps.vault.models import KeyDestroyed

_LET_PASS = ("none", "nonserious")


def ask_for(report: SymptomReport) -> SecondReading | None:
    """Let a second reader see this text later, if one is switched on and no person is going to read it anyway."""
    if not settings.TRIAGE_SECOND_READER or report.label not in _LET_PASS or report.needs_person:
        return None
    reading, _ = SecondReading.objects.get_or_create(report=report, defaults={"due_at": clock.now(), "lane": Lane.BULK})
    return reading


def read_again(reading: SecondReading) -> None:
    """Work handler: ask the reader; a person reads the text when it says so."""
    reader = second_reader.chosen()
    report = reading.report
    try:
        wanted = reader is not None and reader.wants_a_person(report.message.body, sender=report.sender)
    except KeyDestroyed:
        wanted = False
    with work.finishing(reading):
        reading.wants_a_person, reading.reader = wanted, reader.name if reader else ""
        reading.save()
        if wanted:
            open_task(
                key=f"read:{report.message_id}",
                kind=TaskKind.READ,
                site=report.participant.site if report.participant else None,
                participant=report.participant,
                message=report.message,
                deadline=clock.now() + READ_WITHIN,
            )

"""`triage_cases OUT`: what people corrected, as labelled texts that `triage_report` reads: regression cases for the rules to come."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.exports.masking import mask
from apps.triage import rules
from apps.triage.models import BY_LIST, Correction
from apps.triage.rules.net import language_of
from apps.trials.models import Site
from apps.vault.models import KeyDestroyed

_OWNER_ONLY = 0o600


class Command(BaseCommand):
    help = (
        "Write every text that a person judged, with the latest judgement, as JSON lines. Names, numbers and addresses are masked; "
        "the words are health data all the same: the file is readable by its owner only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("output", metavar="OUT", type=Path)
        parser.add_argument("--site", metavar="CODE", help="one site's only")
        parser.add_argument(
            "--changed", action="store_true", help="only those that the triage had labelled differently"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["site"] and not Site.objects.filter(code=options["site"]).exists():
            raise CommandError(f"--site {options['site']}: there is no such site")
        cases = [_case(correction) for correction in _latest(options["site"])]
        readable = [case for case in cases if case is not None]
        kept = [case for case in readable if not options["changed"] or case["label"] != case["said_label"]]
        try:
            handle = os.open(options["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror}") from error
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            os.fchmod(out.fileno(), _OWNER_ONLY)
            out.writelines(json.dumps(case, ensure_ascii=False) + "\n" for case in kept)
        gone = f", {len(cases) - len(readable)} no longer readable" if len(readable) < len(cases) else ""
        self.stdout.write(f"{len(kept)} cases written to {options['output']}{gone}")


def _latest(site: str | None) -> list[Correction]:
    """The last judgement of each text, in the order of the texts. A digit is no text to learn from."""
    rows = Correction.objects.exclude(report__rules_version__startswith=BY_LIST)
    rows = rows.select_related("report__message__data_key").order_by("at", "pk")
    if site:
        rows = rows.filter(report__participant__site__code=site)
    latest = {correction.report_id: correction for correction in rows}
    return sorted(latest.values(), key=lambda one: (one.report.message.received_at, str(one.report_id)))


def _case(correction: Correction) -> dict[str, Any] | None:
    """One labelled text, or None when its key is destroyed. The id is the decision's own, which leads back to the record."""
    report = correction.report
    try:
        text = mask(report.message.body)
    except KeyDestroyed:
        return None
    return {
        "id": str(report.pk),
        "lang": language_of(rules.engine().read(text).words),
        "text": text,
        "sender": report.sender,
        "label": correction.label,
        "level": correction.level or None,
        "said_label": report.label,
        "said_level": report.level or None,
        "rules_version": report.rules_version,
        "source": "correction",
        "note": "",
    }

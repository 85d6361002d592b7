"""`triage_burden --from DATE --to DATE`: alarms a participant-week, share confirmed, by rule; wake-ups against the site's budget."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from apps.safety.burden import Burden, Outcome, burden
from apps.triage.management.period import add_period, period


class Command(BaseCommand):
    help = (
        "What the alarms of a period cost the people: by site, by rule, and by night. Holds back and changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_period(parser)
        parser.add_argument("--json", action="store_true", help="print the figures as one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        since, until = period(options)
        found = burden(since=since, until=until)
        if options["json"]:
            self.stdout.write(json.dumps([_plain(each) for each in found]))
            return
        for each in found:
            self._show(each)

    def _show(self, each: Burden) -> None:
        rate = each.alarms_per_participant_week
        a_week = "-" if rate is None else f"{rate:.3f}"
        self.stdout.write(
            f"{_name(each)}: {each.outcome.alarms} alarms in {each.participant_weeks:.1f} participant-weeks, {a_week} a week; "
            f"{_share(each.outcome)}"
        )
        over = " OVER BUDGET: talk about it" if each.is_over_budget else ""
        self.stdout.write(
            f"  woken by night: {sum(each.woken.values())}, at most {each.worst_week} in seven nights of {each.budget}{over}"
        )
        for rule, outcome in sorted(each.by_rule.items(), key=lambda pair: (-pair[1].alarms, pair[0])):
            self.stdout.write(f"  {rule}: {outcome.alarms} alarms, {_share(outcome)}")


def _name(each: Burden) -> str:
    return each.site.code if each.site else "all sites"


def _share(outcome: Outcome) -> str:
    share = outcome.share_confirmed
    judged = f"{outcome.confirmed} confirmed, {outcome.dismissed} dismissed"
    return judged if share is None else f"{judged} ({share:.0%} right)"


def _plain(each: Burden) -> dict[str, Any]:
    return {
        "site": _name(each),
        "participant_weeks": round(each.participant_weeks, 2),
        "alarms_per_participant_week": each.alarms_per_participant_week,
        **asdict(each.outcome),
        "share_confirmed": each.outcome.share_confirmed,
        "by_rule": {rule: asdict(outcome) for rule, outcome in sorted(each.by_rule.items())},
        "woken": sum(each.woken.values()),
        "worst_week": each.worst_week,
        "budget": each.budget,
        "is_over_budget": each.is_over_budget,
    }

"""Loading protocol files, and the protocol that is in force: the last one loaded."""

import hashlib
from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import models, transaction

from apps.core import clock
from apps.core.unit import once
from apps.trials.lines import Path
from apps.trials.models import Arm, CheckInRule, Phase, ProtocolVersion, Site, Trial, VisitDefinition
from apps.trials.protocol import PhaseFacts, Protocol
from apps.trials.rules import read_protocol, refusal

Row = TypeVar("Row", bound=models.Model)
_parsed: dict[str, Protocol] = {}


class NoProtocol(Exception):
    """No protocol is loaded yet: `manage.py load_trial FILE` loads one."""


def current_version() -> ProtocolVersion:
    """The version in force; within one unit of work the same. Raises NoProtocol."""
    return once("protocol in force", _newest)


def _newest() -> ProtocolVersion:
    version = ProtocolVersion.objects.defer("text").order_by("id").last()
    if version is None:
        raise NoProtocol
    return version


def current_protocol() -> Protocol:
    """The protocol in force, parsed once a process and version; each unit of work asks anew which version that is. Raises NoProtocol."""
    return protocol_of(current_version())


def protocol_of(version: ProtocolVersion) -> Protocol:
    """The protocol of one stored version."""
    # By digest, not by id: in a test database ids come again with other texts.
    if version.sha256 not in _parsed:
        _parsed[version.sha256] = read_protocol(version.text, is_checked=True)
    return _parsed[version.sha256]


@transaction.atomic
def load_trial(*, text: str, source_name: str) -> ProtocolVersion:
    """Load a protocol file as the next version and bring sites, phases, visits and check-in rules up to date by code.

    The text that is in force already makes no new version. Raises ProtocolErrors with every mistake, and then nothing is changed.
    """
    protocol = read_protocol(text)
    if found := [*_not_this_trial(protocol), *_left_out(protocol), *_not_yet(protocol)]:
        raise refusal(text, found)
    digest = hashlib.sha256(text.encode()).hexdigest()
    trial = _put_trial(protocol)
    last = trial.versions.order_by("number").last()
    if last is not None and last.sha256 == digest:
        return last
    version = ProtocolVersion(
        trial=trial,
        number=last.number + 1 if last else 1,
        label=protocol.version,
        effective_from=protocol.effective_from,
        source_name=source_name,
        text=text,
        sha256=digest,
        loaded_at=clock.now(),
    )
    version.save()
    _put_phases(trial, protocol.phases)
    _put_sites(trial, protocol)
    _put_plan(trial, protocol)
    return version


def _not_this_trial(protocol: Protocol) -> list[tuple[Path, str]]:
    others = Trial.objects.exclude(registration=protocol.registration).values_list("registration", flat=True)
    return [(("registration",), f"this installation follows {other}") for other in others]


def _left_out(protocol: Protocol) -> list[tuple[Path, str]]:
    # Participants belong to sites and phases: a code that was loaded once stays.
    found: list[tuple[Path, str]] = []
    for name, model, codes in (
        ("sites", Site, {site.code for site in protocol.sites}),
        ("phases", Phase, {phase.code for phase in protocol.phases}),
    ):
        missing = model._default_manager.exclude(code__in=codes).order_by("code").values_list("code", flat=True)
        found += [((name,), f"{code} was loaded before and may not be left out") for code in missing]
    return found


def _not_yet(protocol: Protocol) -> list[tuple[Path, str]]:
    if protocol.effective_from <= clock.today(protocol.timezone):
        return []
    return [(("effective_from",), "is in the future: a file is in force from the moment it is loaded")]


def _put_trial(protocol: Protocol) -> Trial:
    facts = protocol.trial
    values = {
        "title": facts.title_en,
        "sponsor": facts.sponsor,
        "window_from": protocol.window.start,
        "window_to": protocol.window.end,
        "enrolment": facts.enrolment,
        "age_min": protocol.eligibility.age_min,
        "age_max": protocol.eligibility.age_max,
    }
    # Locked, so that two files loaded at once become two versions, one after the other.
    trial = Trial.objects.select_for_update().filter(registration=protocol.registration).first()
    return _put(trial or Trial(registration=protocol.registration), values)


def _put_phases(trial: Trial, phases: Sequence[PhaseFacts]) -> None:
    for facts in phases:
        phase = trial.phases.filter(code=facts.code).first() or Phase(trial=trial, code=facts.code)
        _put(phase, {"name": facts.name_en})
        arms = {}
        for arm, ratio in zip(facts.arms, facts.ratio, strict=True):
            arms[arm.code] = {"name": arm.name_en, "ratio": ratio}
        _put_by_code(phase.arms, Arm, {"phase": phase}, arms)


def _put_sites(trial: Trial, protocol: Protocol) -> None:
    numbers = ("team_phone", "emergency_number", "crisis_number", "callback_minutes_r2")
    names = ("name_en", "name_zh", "timezone", "country", *numbers)
    sites = {site.code: {name: getattr(site, name) for name in names} for site in protocol.sites}
    _put_by_code(trial.sites, Site, {"trial": trial}, sites)


def _put_plan(trial: Trial, protocol: Protocol) -> None:
    visits = {
        visit.code: {"day": visit.day, "window_before": -visit.window_days[0], "window_after": visit.window_days[1]}
        for visit in protocol.visits
    }
    _put_by_code(trial.visit_definitions, VisitDefinition, {"trial": trial}, visits)
    rules = {
        rule.code: {
            "day_from": rule.day_from,
            "day_to": rule.day_to,
            "cadence": {
                "weekdays": list(rule.weekdays),
                "every_weeks": rule.every_weeks,
                "send_at": f"{rule.send_at:%H:%M}",
            },
        }
        for rule in protocol.checkins
    }
    _put_by_code(trial.checkin_rules, CheckInRule, {"trial": trial}, rules)


def _put_by_code(
    present: Any, model: type[models.Model], owner: dict[str, Any], wanted: dict[str, dict[str, Any]]
) -> None:
    """Rows of one owner become what the file says: by code, the same row as before; what the file no longer has goes."""
    rows = {row.code: row for row in present.all()}
    for code, values in wanted.items():
        _put(rows.pop(code, None) or model(code=code, **owner), values)
    for row in rows.values():
        row.delete()


def _put(row: Row, values: dict[str, Any]) -> Row:
    # An unchanged row is not saved: the audit trail tells of changes only.
    if row._state.adding or any(getattr(row, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
    return row

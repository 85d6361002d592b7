"""Personal baselines (decision 26): who may sign one, for what, for how long, and what voids it. Only a person lowers a level."""

from __future__ import annotations

import json
import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from apps.core import clock
from apps.participants import arm_told
from apps.participants.models import Participant
from apps.staff.models import User
from apps.staff.services import scope, sign
from apps.staff.vocabulary import Action
from apps.triage import rules
from apps.triage.models import BY_LIST, Baseline, SymptomReport
from apps.triage.rules.baseline import is_signable

LONGEST = timedelta(days=90)
MEANING = "known and unchanged"
_VOIDED_BY_LEVEL = ("R1", "R2")
_EVENTS = ("evt_admitted", "evt_transplant", "infusion_reaction")


class BaselineRefused(Exception):
    """This baseline cannot be signed."""


class NotAClinicianHere(BaselineRefused):
    """Only an investigator of the participant's site signs a baseline."""


class NeverABaseline(BaselineRefused):
    """Signs of encephalopathy, bleeding, breathing trouble or infection are never taken for known; nor is an unknown complaint."""


class TooLong(BaselineRefused):
    """A baseline is valid for at most 90 days, and at least until tomorrow."""


class Undescribed(BaselineRefused):
    """A baseline says in the clinician's words what is known."""


def may_be_signed() -> dict[str, dict[str, str]]:
    """The complaints that may become a baseline, with their names by language."""
    found = rules.catalogue()
    return {item.id: dict(item.data["name"]) for item in found.items.values() if is_signable(item, found)}


@transaction.atomic
def sign_baseline(
    *, participant: Participant, item: str, description: str, valid_until: date, person: User, password: str
) -> Baseline:
    """Sign one complaint as known and unchanged until a day. A new one replaces the old one of the same complaint.

    `valid_until` is a date in the site's calendar. Raises BaselineRefused, and NotSigned for a wrong password.
    """
    if not scope(person).may(Action.CONFIRM_EVENTS, site=participant.site_id):
        raise NotAClinicianHere
    if item not in may_be_signed():
        raise NeverABaseline
    today = _day(participant, clock.now())
    if not today < valid_until <= today + LONGEST:
        raise TooLong
    if not description.strip():
        raise Undescribed
    for before in participant.baselines.filter(item=item, ended_at__isnull=True):
        end_baseline(baseline=before, person=person)
    key = uuid.uuid4()
    content = json.dumps([str(participant.pk), item, description.strip(), f"{valid_until}"], ensure_ascii=False)
    signature = sign(
        signer=person, password=password, meaning=MEANING, record=f"{Baseline._meta.db_table}:{key}", content=content
    )
    signed = Baseline.objects.create(
        id=key, participant=participant, item=item, data_key=participant.data_key, description=description.strip(),
        signature=signature, valid_until=valid_until,
    )  # fmt: skip
    arm_told.note(row=signed, field="description", text=description, participant=participant, said_by=person)
    return signed


@transaction.atomic
def end_baseline(*, baseline: Baseline, person: User) -> None:
    """Take it back; the first time stays. Raises NotAClinicianHere."""
    if not scope(person).may(Action.CONFIRM_EVENTS, site=baseline.participant.site_id):
        raise NotAClinicianHere
    if baseline.ended_at is None:
        baseline.ended_at, baseline.ended_by = clock.now(), person
        baseline.save(update_fields=["ended_at", "ended_by"])


def valid_items(participant: Participant, *, at: datetime) -> tuple[str, ...]:
    """Complaints that count as known and unchanged at this time: signed before, not ended, not run out, not voided."""
    signed = participant.baselines.filter(signature__signed_at__lte=at, valid_until__gte=_day(participant, at))
    signed = signed.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at)).select_related("signature")
    return tuple(sorted({each.item for each in signed if not is_voided(each, at=at)}))


def is_voided(baseline: Baseline, *, at: datetime) -> bool:
    """Whether something urgent, a hospital, or by an answer more of the same was reported since it was signed: void until signed anew."""
    since = SymptomReport.objects.filter(
        participant=baseline.participant, classified_at__gt=baseline.signature.signed_at, classified_at__lt=at
    )
    by_rules = since.filter(clues=[])  # what only the net took for urgent undoes no signature
    if by_rules.filter(level__in=_VOIDED_BY_LEVEL).exists():
        return True
    found = since.values_list("findings", "rules_version")
    return any(
        finding["state"] == "present"
        and (finding["id"] in _EVENTS or (finding["id"] == baseline.item and version.startswith(f"{BY_LIST} ")))
        for findings, version in found
        for finding in findings
    )


def _day(participant: Participant, at: datetime) -> date:
    return at.astimezone(ZoneInfo(participant.site.timezone)).date()

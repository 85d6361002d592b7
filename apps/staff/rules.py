"""The role table and what a set of assignments adds up to. Pure."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.staff.vocabulary import Action, Role

_SITE_READ = {
    Action.VIEW_PARTICIPANTS,
    Action.VIEW_TEXTS,
    Action.VIEW_EVENTS,
    Action.VIEW_CONTACTS,
    Action.VIEW_CONFIGURATION,
}
_SITE_WORK = _SITE_READ | {Action.SEND, Action.ACKNOWLEDGE, Action.DRAFT_EVENTS}

MAY: Mapping[Role, frozenset[Action]] = {
    Role.PRINCIPAL_INVESTIGATOR: frozenset(
        _SITE_WORK | {Action.ENROL, Action.CONFIRM_EVENTS, Action.SIGN_ENROLMENT, Action.SET_PAGING, Action.CLOSE_SITE}
    ),
    Role.INVESTIGATOR: frozenset(_SITE_WORK | {Action.ENROL, Action.CONFIRM_EVENTS}),
    Role.COORDINATOR: frozenset(_SITE_WORK | {Action.ENROL}),
    Role.MONITOR: frozenset({Action.VIEW_PARTICIPANTS, Action.VIEW_EVENTS, Action.VIEW_CONFIGURATION}),
    Role.SPONSOR_SAFETY: frozenset({Action.MAKE_CUT, Action.VIEW_CONFIGURATION, Action.COUNTERSIGN_CLOSURE}),
    Role.DUTY_DESK: frozenset({Action.VIEW_UNMATCHED, Action.ACKNOWLEDGE}),
    Role.ADMINISTRATOR: frozenset(
        {Action.MANAGE_STAFF, Action.VIEW_CONFIGURATION, Action.VIEW_AUDIT, Action.RUN, Action.SET_PAGING}
    ),
}


@dataclass(frozen=True)
class Grant:
    """One valid assignment: a role at a site, or for the whole trial when `site` is None."""

    role: Role
    site: uuid.UUID | None


@dataclass(frozen=True)
class Scope:
    """What one person may do where. `sites_for(action)` is empty when nowhere."""

    grants: tuple[Grant, ...]

    def may(self, action: Action, *, site: uuid.UUID | None = None) -> bool:
        """Anywhere at all, or, with a site, there."""
        allowed = [grant for grant in self.grants if action in MAY[grant.role]]
        return any(site is None or grant.site is None or grant.site == site for grant in allowed)

    def sites_for(self, action: Action) -> frozenset[uuid.UUID]:
        return frozenset(grant.site for grant in self.grants if grant.site and action in MAY[grant.role])

    def in_whole_trial(self, action: Action) -> bool:
        """For the trial as a whole, not at single sites."""
        return any(grant.site is None and action in MAY[grant.role] for grant in self.grants)

    @property
    def sites(self) -> frozenset[uuid.UUID]:
        return frozenset(grant.site for grant in self.grants if grant.site)

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(grant.role for grant in self.grants)


def scope_of(grants: Iterable[tuple[str, uuid.UUID | None]]) -> Scope:
    return Scope(tuple(Grant(Role(role), site) for role, site in grants))

"""The shelf: Django finds the pages here. One file a subject."""

from django.contrib import admin
from django.contrib.auth.models import Group

from apps.workplace import (
    audit,
    checks,
    configuration,
    cuts,
    escalations,
    events,
    participants,
    plan,
    searches,
    staff,
    tasks,
    told,
    unmatched,
)

__all__ = [
    "audit",
    "checks",
    "configuration",
    "cuts",
    "escalations",
    "events",
    "participants",
    "plan",
    "searches",
    "staff",
    "tasks",
    "told",
    "unmatched",
]

if admin.site.is_registered(Group):  # roles are assignments, never Django's groups
    admin.site.unregister(Group)

"""Version N's new app."""

from django.apps import AppConfig


class NextVersion(AppConfig):
    name = "tests.faults.next_version"
    label = "next_version"
    default_auto_field = "django.db.models.BigAutoField"

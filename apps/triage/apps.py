from importlib import import_module

from django.apps import AppConfig


class TriageConfig(AppConfig):
    name = "apps.triage"
    label = "triage"

    def ready(self) -> None:
        import_module("apps.triage.checks")

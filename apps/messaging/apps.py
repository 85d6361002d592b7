from importlib import import_module

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "apps.messaging"
    label = "messaging"

    def ready(self) -> None:
        import_module("apps.messaging.checks")  # only now are models importable

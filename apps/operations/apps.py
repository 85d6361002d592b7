from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "apps.operations"
    label = "operations"

    def ready(self) -> None:
        from apps.operations import checks  # noqa: F401, PLC0415 - registers them; needs the app registry

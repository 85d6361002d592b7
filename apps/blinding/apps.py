from django.apps import AppConfig


class BlindingConfig(AppConfig):
    name = "apps.blinding"
    label = "blinding"

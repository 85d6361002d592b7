from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate


class AuditConfig(AppConfig):
    """Triggers are installed after every migrate; on SQLite they are removed before it, since Django drops some of them silently."""

    name = "apps.audit"
    label = "audit"
    verbose_name = "audit trail"

    def ready(self) -> None:
        from apps.audit import actors, triggers  # noqa: PLC0415 - needs the app registry

        def before(using: str, **_: Any) -> None:
            triggers.make_room(using=using)

        def after(using: str, **_: Any) -> None:
            triggers.install(using=using)

        pre_migrate.connect(before, sender=self, weak=False, dispatch_uid="audit.make_room")
        post_migrate.connect(after, sender=self, weak=False, dispatch_uid="audit.install")
        connection_created.connect(actors.prepare_connection, weak=False, dispatch_uid="audit.actor")

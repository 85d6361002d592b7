"""The worker. `celery -A trialcare worker` and `manage.py runworker` are the same."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialcare.settings")

app = Celery("trialcare")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["apps.operations"])


@app.on_after_finalize.connect
def _add_pump(sender: Celery, **_: object) -> None:
    from apps.operations.pump import PumpStep  # noqa: PLC0415 - needs Django's app registry, which is ready only now

    sender.steps["worker"].add(PumpStep)

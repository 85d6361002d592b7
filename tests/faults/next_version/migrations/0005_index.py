"""An index without a lock, alone: what fails here half done has nothing else to undo."""

import django.db.models
from django.db import migrations

from tests.faults.next_version.operations import AddIndexUnderTraffic, On


class Migration(migrations.Migration):
    atomic = False  # an index cannot be built concurrently inside a transaction
    dependencies = [("next_version", "0004_page")]
    operations = [
        On(
            "messaging",
            AddIndexUnderTraffic(
                "inboundmessage", django.db.models.Index(fields=["provider_at"], name="inbound_next")
            ),
        )
    ]

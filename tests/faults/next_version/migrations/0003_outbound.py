"""A column whose default the database keeps: the old code's inserts need not name it."""

import django.db.models
from django.db import migrations

from tests.faults.next_version.operations import On


class Migration(migrations.Migration):
    dependencies = [("next_version", "0002_inbound"), ("messaging", "0002_initial")]
    operations = [On("messaging", migrations.AddField("outboundmessage", "next_rank", django.db.models.IntegerField(default=0, db_default=0)))]

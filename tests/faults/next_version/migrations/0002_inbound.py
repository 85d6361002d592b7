"""A column that may be null: the old code need not know it."""

import django.db.models
from django.db import migrations

from tests.faults.next_version.operations import On


class Migration(migrations.Migration):
    dependencies = [("next_version", "0001_errand"), ("messaging", "0002_initial")]
    operations = [On("messaging", migrations.AddField("inboundmessage", "next_note", django.db.models.CharField(max_length=20, null=True)))]

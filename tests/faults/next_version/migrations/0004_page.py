"""A column that may be null, on a table that is written all the time."""

import django.db.models
from django.db import migrations

from tests.faults.next_version.operations import On


class Migration(migrations.Migration):
    dependencies = [("next_version", "0003_outbound"), ("escalation", "0001_initial")]
    operations = [On("escalation", migrations.AddField("page", "next_note", django.db.models.CharField(max_length=20, null=True)))]

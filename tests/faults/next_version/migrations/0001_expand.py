"""Expand only: a new table, and columns that the old code need not know."""

import django.db.models
from django.db import migrations

from tests.faults.next_version.operations import On


class Migration(migrations.Migration):
    initial = True
    dependencies = [("messaging", "0002_initial"), ("escalation", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Errand",
            fields=[
                ("name", django.db.models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("due_at", django.db.models.DateTimeField(blank=True, editable=False, null=True)),
                ("lease_until", django.db.models.DateTimeField(blank=True, editable=False, null=True)),
                ("fence", django.db.models.PositiveIntegerField(default=0, editable=False)),
                ("attempts", django.db.models.PositiveSmallIntegerField(default=0, editable=False)),
                ("last_error", django.db.models.CharField(blank=True, editable=False, max_length=200)),
                ("quarantined_at", django.db.models.DateTimeField(blank=True, editable=False, null=True)),
                ("lane", django.db.models.PositiveSmallIntegerField(default=1, editable=False)),
                ("done", django.db.models.PositiveIntegerField(default=0)),
            ],
        ),
        On(
            "messaging",
            migrations.AddField(
                "inboundmessage", "next_note", django.db.models.CharField(max_length=20, null=True)
            ),
        ),
        On(
            "messaging",
            migrations.AddField(
                "outboundmessage", "next_rank", django.db.models.IntegerField(default=0, db_default=0)
            ),
        ),
        On("escalation", migrations.AddField("page", "next_note", django.db.models.CharField(max_length=20, null=True))),
    ]

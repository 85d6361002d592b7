"""A new table. Expand only, and one table a migration: two locked in one transaction deadlock with the texts that arrive."""

import django.db.models
from django.db import migrations



class Migration(migrations.Migration):
    initial = True
    dependencies = []
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
    ]

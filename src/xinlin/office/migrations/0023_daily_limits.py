"""How much a connected system may do in a day."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("office", "0022_wording_checks")]

    operations = [
        migrations.AddField("machine", "daily_limit", models.PositiveIntegerField(blank=True, null=True)),
    ]

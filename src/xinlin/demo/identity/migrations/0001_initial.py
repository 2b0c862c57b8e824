"""The table of people."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Create it."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("sub", models.CharField(max_length=64, unique=True)),
                ("real_name", models.CharField(db_index=True, max_length=64)),
                ("resident_id", models.CharField(blank=True, max_length=18)),
                ("label", models.CharField(blank=True, max_length=200)),
                ("group", models.CharField(blank=True, max_length=64)),
                ("default_level", models.CharField(max_length=64)),
                ("position", models.PositiveIntegerField(default=0)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "db_table": "person",
            },
        ),
    ]

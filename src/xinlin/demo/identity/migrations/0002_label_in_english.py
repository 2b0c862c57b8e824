"""What somebody is, in English too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add it."""

    dependencies = [
        ("identity", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="person",
            name="label_en",
            field=models.CharField(blank=True, max_length=200),
        ),
    ]

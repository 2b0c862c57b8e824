from django.db import migrations, models
from django.db.models import F


def _same_row(apps, schema_editor):
    """Rows corrected on the page kept their number."""
    refused = apps.get_model("office", "RefusedRow")
    refused.objects.filter(replayed_in__isnull=False).update(replayed_row=F("row"))


class Migration(migrations.Migration):

    dependencies = [
        ('office', '0033_item_words'),
    ]

    operations = [
        migrations.AddField(
            model_name='refusedrow',
            name='replayed_row',
            field=models.PositiveBigIntegerField(blank=True, null=True),
        ),
        migrations.RunPython(_same_row, migrations.RunPython.noop),
    ]

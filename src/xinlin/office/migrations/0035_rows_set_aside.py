from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('office', '0034_returned_rows'),
    ]

    operations = [
        migrations.AddField(
            model_name='refusedrow',
            name='aside_reason_sealed',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='refusedrow',
            name='aside_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=64),
        ),
        migrations.AddField(
            model_name='refusedrow',
            name='aside_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]

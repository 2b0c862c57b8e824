from django.db import migrations

from xinlin.office.items_index import make_index


class Migration(migrations.Migration):

    dependencies = [
        ('office', '0032_publications_in_order'),
    ]

    operations = [migrations.RunPython(make_index, migrations.RunPython.noop)]

"""On PostgreSQL guards take the place of the foreign key from a record to its delivery: `xinlin.office.guards.OF_DELIVERIES`."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def drop_key(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The constraint under whatever name it was given."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        held = connection.introspection.get_constraints(cursor, "record")
    for name, constraint in held.items():
        if constraint["foreign_key"] == ("batch", "id"):
            schema_editor.execute(f"ALTER TABLE record DROP CONSTRAINT {connection.ops.quote_name(name)}")


def add_key(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The constraint again, and no guards beside it."""
    if schema_editor.connection.vendor == "postgresql":
        for name, table in (
            ("guard_record_batch", "record"),
            ("guard_record_batch_insert", "record"),
            ("guard_batch", "batch"),
        ):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        schema_editor.execute(
            "ALTER TABLE record ADD CONSTRAINT record_batch FOREIGN KEY (batch_id) REFERENCES batch (id) "
            "DEFERRABLE INITIALLY DEFERRED"
        )


class Migration(migrations.Migration):
    dependencies = [
        ("office", "0039_list_sheets"),
    ]

    operations = [
        migrations.RunPython(drop_key, add_key),
    ]

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

NAME = "todos_todo_owner_id_4b8f3a66"


class Migration(migrations.Migration):
    """Drop the index on the owner alone, since others begin with the owner.

    Django's AlterField would copy the whole table on SQLite.
    """

    dependencies = [("todos", "0008_batches"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f'DROP INDEX IF EXISTS "{NAME}"',
                    f'CREATE INDEX IF NOT EXISTS "{NAME}" ON "todos_todo" ("owner_id")',
                )
            ],
            state_operations=[
                migrations.AlterField(
                    "todo",
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="todos",
                        to=settings.AUTH_USER_MODEL,
                    ),
                )
            ],
        )
    ]

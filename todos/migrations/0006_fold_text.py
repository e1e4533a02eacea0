from django.db import migrations, transaction

from uploads.search import fold

BATCH_SIZE = 500
UPDATE = "UPDATE todos_todo SET title_folded = %s, notes_folded = %s WHERE id = %s"


def fold_text(apps, schema_editor):
    """Fold the text of existing to-dos, in a transaction per batch, so that others can write in between."""
    connection = schema_editor.connection
    todos = apps.get_model("todos", "Todo").objects.order_by("pk").values_list("pk", "title", "notes")
    last = 0
    while last is not None:
        with transaction.atomic(), connection.cursor() as cursor:
            rows = list(todos.select_for_update().filter(pk__gt=last)[:BATCH_SIZE])
            cursor.executemany(UPDATE, [(fold(title), fold(notes), pk) for pk, title, notes in rows])
        last = rows[-1][0] if rows else None


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('todos', '0005_folded_text'),
    ]

    operations = [
        migrations.RunPython(fold_text, migrations.RunPython.noop, elidable=True),
    ]

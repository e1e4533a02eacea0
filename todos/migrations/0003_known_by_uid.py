from django.db import migrations, models

import todos.models

NEW_UID = {"postgresql": "gen_random_uuid()::text", "sqlite": "lower(hex(randomblob(16)))"}


def give_uids(apps, schema_editor):
    """By one statement: the database makes up a uid for each row faster than any program could send it one."""
    schema_editor.execute(f"UPDATE todos_todo SET uid = {NEW_UID[schema_editor.connection.vendor]}")


class Migration(migrations.Migration):

    dependencies = [
        ('todos', '0002_order_trash_and_attachments'),
    ]

    operations = [
        migrations.AddField(
            model_name='todo',
            name='uid',
            field=models.CharField(default='', editable=False, max_length=255),
            preserve_default=False,
        ),
        migrations.RunPython(give_uids, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='todo',
            name='uid',
            field=models.CharField(default=todos.models.new_uid, editable=False, help_text='by which it is known again when it is imported: ours, or that of the program it came from', max_length=255),
        ),
        migrations.AddConstraint(
            model_name='todo',
            constraint=models.UniqueConstraint(fields=('owner', 'uid'), name='todo_known_by_uid'),
        ),
    ]

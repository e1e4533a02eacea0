from django.db import migrations, models

import todos.models


class Migration(migrations.Migration):
    dependencies = [("todos", "0009_drop_owner_index")]

    operations = [
        migrations.AlterField(
            "todo",
            "order",
            models.BigIntegerField(blank=True, help_text="The position in the list. If empty, the end of the list."),
        ),
        migrations.AlterField(
            "todo",
            "uid",
            models.CharField(
                default=todos.models.new_uid,
                editable=False,
                help_text="Identifies the to-do in imported files. Created by Headway, or by the program that exported it.",
                max_length=255,
            ),
        ),
        migrations.AlterField(
            "todo",
            "deleted_at",
            models.DateTimeField(blank=True, help_text="When the to-do was moved to the trash.", null=True),
        ),
    ]

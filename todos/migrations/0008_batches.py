from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("todos", "0007_text_length")]

    operations = [
        migrations.AddField("todo", "batch", models.UUIDField(editable=False, null=True)),
        migrations.AddField("todo", "completed_before", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("todo", "deleted_before", models.DateTimeField(editable=False, null=True)),
        migrations.AddIndex(
            "todo", models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="todo_by_batch")
        ),
    ]

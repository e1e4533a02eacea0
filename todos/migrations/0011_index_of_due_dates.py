from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("todos", "0010_help_texts")]

    operations = [
        migrations.AddIndex(
            "todo",
            models.Index(
                fields=["owner", "due_on", "order", "id"],
                condition=Q(due_on__isnull=False, completed_at=None, deleted_at=None),
                name="todo_by_due_date",
            ),
        ),
    ]

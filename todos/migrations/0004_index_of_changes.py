from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('todos', '0003_known_by_uid'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='todo',
            index=models.Index(fields=['updated_at'], name='todo_by_change'),
        ),
    ]

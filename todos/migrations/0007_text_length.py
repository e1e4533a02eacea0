import django.db.models.expressions
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('todos', '0006_fold_text'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='todo',
            name='text_length',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(django.db.models.functions.text.Length('title_folded'), '+', django.db.models.functions.text.Length('notes_folded')), output_field=models.IntegerField()),
        ),
        migrations.AddIndex(
            model_name='todo',
            index=models.Index(fields=['owner', 'text_length'], name='todo_by_length'),
        ),
    ]

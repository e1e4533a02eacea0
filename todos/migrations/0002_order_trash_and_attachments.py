import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

KEEP_THE_ORDER = 'UPDATE todos_todo SET "order" = id * 1048576'
"""One pass over the table, however large it is: no list is read or counted. The labels are far enough apart for moves
between them, and large enough numbers are left for any id."""


class Migration(migrations.Migration):

    dependencies = [
        ('todos', '0001_todos'),
        ('uploads', '0002_transfers_trash_and_pages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='todo',
            name='version',
            field=models.PositiveBigIntegerField(db_default=1, default=1, editable=False),
        ),
        migrations.AddField(
            model_name='todo',
            name='deleted_at',
            field=models.DateTimeField(blank=True, help_text='when it was put into the trash', null=True),
        ),
        migrations.AddField(
            model_name='todo',
            name='order',
            field=models.BigIntegerField(blank=True, default=0, help_text="the list's order, ascending; empty is its end"),
            preserve_default=False,
        ),
        migrations.RunSQL(KEEP_THE_ORDER, migrations.RunSQL.noop),
        migrations.AlterModelOptions(
            name='todo',
            options={'ordering': ['order', 'id'], 'verbose_name': 'to-do'},
        ),
        migrations.RemoveIndex(
            model_name='todo',
            name='todo_by_owner',
        ),
        migrations.AddIndex(
            model_name='todo',
            index=models.Index(fields=['owner', 'order', 'id'], name='todo_by_order'),
        ),
        migrations.AddIndex(
            model_name='todo',
            index=models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['deleted_at'], name='todo_in_trash'),
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('todo', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='todos.todo')),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='uploads.upload')),
            ],
            options={
                'ordering': ['created_at', 'id'],
                'constraints': [models.UniqueConstraint(fields=('todo', 'upload'), name='attached_once')],
            },
        ),
    ]

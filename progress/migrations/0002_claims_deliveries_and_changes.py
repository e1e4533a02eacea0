import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('progress', '0001_jobs_and_workers'),
        ('django_q', '0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more'),  # for the schedule that is planned after each migration
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='job',
            name='changed_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, help_text='when its watchers were last shown a change'),
        ),
        migrations.AddField(
            model_name='job',
            name='claim',
            field=models.PositiveBigIntegerField(db_default=0, default=0, help_text='how often it was ever claimed'),
        ),
        migrations.AddField(
            model_name='job',
            name='delivered_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, help_text='when it was last put into the queue'),
        ),
        migrations.AddField(
            model_name='job',
            name='worker',
            field=models.CharField(blank=True, db_default='', help_text='who has claimed it: host:cluster:process', max_length=300),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['changed_at'], name='job_by_change'),
        ),
        # Django-Q2's table has no index for what the queue asks with each delivery: which is the oldest?
        migrations.RunSQL(
            'CREATE INDEX progress_queue_order ON django_q_ormq (key, lock, id)',
            'DROP INDEX progress_queue_order',
        ),
    ]

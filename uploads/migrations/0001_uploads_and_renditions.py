import django.db.models.deletion
import django.utils.timezone
import uploads.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('progress', '0001_jobs_and_workers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255)),
                ('file', models.FileField(upload_to=uploads.models.original_path)),
                ('size', models.PositiveBigIntegerField(help_text='in bytes')),
                ('content_type', models.CharField(help_text='as its first bytes say', max_length=100)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('metadata', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('job', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='progress.job')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Rendition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(upload_to='')),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('size', models.PositiveBigIntegerField(help_text='in bytes')),
                ('content_type', models.CharField(default='image/webp', max_length=100)),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='renditions', to='uploads.upload')),
            ],
            options={
                'ordering': ['width'],
            },
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(fields=['owner', '-created_at', '-id'], name='upload_by_owner'),
        ),
        migrations.AddConstraint(
            model_name='rendition',
            constraint=models.UniqueConstraint(fields=('upload', 'width'), name='one_rendition_a_width'),
        ),
    ]

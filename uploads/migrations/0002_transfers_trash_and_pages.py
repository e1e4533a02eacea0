import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('uploads', '0001_uploads_and_renditions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, help_text="the upload's too, later", primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255)),
                ('metadata', models.TextField(blank=True, help_text='Upload-Metadata, as the client sent it')),
                ('concat', models.TextField(blank=True, help_text='Upload-Concat, as the client sent it')),
                ('is_part', models.BooleanField(default=False, help_text='whether it is to be joined with others')),
                ('length', models.PositiveBigIntegerField(blank=True, help_text='in bytes; empty while nobody knows', null=True)),
                ('offset', models.PositiveBigIntegerField(default=0, help_text='in bytes: so many have arrived and are on disk')),
                ('reserved', models.PositiveBigIntegerField(default=0, help_text="in bytes: what its owner's quota holds for it")),
                ('claim', models.PositiveBigIntegerField(default=0, help_text='how often somebody has begun to write')),
                ('writing', models.BooleanField(default=False, help_text='whether the newest claim may still be at it')),
                ('pieces', models.JSONField(blank=True, default=list, help_text='[number, the offset where it begins], in order')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.AlterModelOptions(
            name='rendition',
            options={'ordering': ['page', 'width']},
        ),
        migrations.RemoveConstraint(
            model_name='rendition',
            name='one_rendition_a_width',
        ),
        migrations.AddField(
            model_name='rendition',
            name='page',
            field=models.PositiveSmallIntegerField(db_default=1, default=1, help_text='of a PDF, from 1; of a picture, 1'),
        ),
        migrations.AddField(
            model_name='upload',
            name='deleted_at',
            field=models.DateTimeField(blank=True, help_text='when it was put into the trash', null=True),
        ),
        migrations.AddConstraint(
            model_name='rendition',
            constraint=models.UniqueConstraint(fields=('upload', 'page', 'width'), name='one_rendition_a_page_and_width'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='transfers', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='transfer',
            name='upload',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='transfer', to='uploads.upload'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(fields=['owner', '-created_at', '-id'], name='transfer_by_owner'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(fields=['expires_at'], name='transfer_by_expiry'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(('length', None), ('offset__lte', models.F('length')), _connector='OR'), name='transfer_offset_within_length'),
        ),
    ]

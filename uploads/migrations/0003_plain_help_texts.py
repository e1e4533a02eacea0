import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    """Reword help texts. The database doesn't change."""

    dependencies = [
        ('uploads', '0002_transfers_trash_and_pages'),
    ]

    operations = [
        migrations.AlterField(
            model_name='rendition',
            name='page',
            field=models.PositiveSmallIntegerField(db_default=1, default=1, help_text='page of a PDF, from 1; 1 for a picture'),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='claim',
            field=models.PositiveBigIntegerField(default=0, help_text='number of requests that have started to write'),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='id',
            field=models.UUIDField(default=uuid.uuid4, editable=False, help_text="same as the upload's id", primary_key=True, serialize=False),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='is_part',
            field=models.BooleanField(default=False, help_text='whether this is one part of a file, to be concatenated'),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='length',
            field=models.PositiveBigIntegerField(blank=True, help_text='in bytes; empty while unknown', null=True),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='offset',
            field=models.PositiveBigIntegerField(default=0, help_text='number of acknowledged bytes'),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='pieces',
            field=models.JSONField(blank=True, default=list, help_text='each as [number, start offset], in order'),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='reserved',
            field=models.PositiveBigIntegerField(default=0, help_text="bytes reserved in the owner's quota"),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='writing',
            field=models.BooleanField(default=False, help_text='whether the newest claim may still be writing'),
        ),
        migrations.AlterField(
            model_name='upload',
            name='content_type',
            field=models.CharField(help_text='detected from the first bytes', max_length=100),
        ),
        migrations.AlterField(
            model_name='upload',
            name='deleted_at',
            field=models.DateTimeField(blank=True, help_text='when the upload was moved to the trash', null=True),
        ),
    ]

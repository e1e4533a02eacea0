from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('uploads', '0005_fold_names'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(fields=['owner', 'name_folded', 'id'], name='upload_by_name'),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(fields=['owner', 'size', 'id'], name='upload_by_size'),
        ),
    ]

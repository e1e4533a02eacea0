from django.db import migrations

import uploads.search


class Migration(migrations.Migration):

    dependencies = [
        ('uploads', '0003_plain_help_texts'),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='name_folded',
            field=uploads.search.FoldedNameField(db_default='', default='', editable=False, max_length=300, source='name'),
        ),
    ]

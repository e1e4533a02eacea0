import uploads.search
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('todos', '0004_index_of_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='todo',
            name='notes_folded',
            field=uploads.search.FoldedField(db_default='', default='', editable=False, source='notes'),
        ),
        migrations.AddField(
            model_name='todo',
            name='title_folded',
            field=uploads.search.FoldedField(db_default='', default='', editable=False, source='title'),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('progress', '0002_claims_deliveries_and_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='job',
            name='request_id',
            field=models.CharField(blank=True, db_default='', help_text='of the request that it was enqueued by', max_length=64),
        ),
    ]

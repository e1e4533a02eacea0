import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('config', '0001_password_reset_mails'),
    ]

    operations = [
        migrations.CreateModel(
            name='Preferences',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='preferences', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('theme', models.CharField(blank=True, choices=[('', 'System'), ('light', 'Light'), ('dark', 'Dark')], default='', max_length=5)),
                ('shortcuts', models.BooleanField(default=True, verbose_name='keyboard shortcuts')),
                ('time_zone', models.CharField(blank=True, help_text='IANA name; empty for that of the browser', max_length=64)),
            ],
            options={
                'verbose_name_plural': 'preferences',
            },
        ),
    ]

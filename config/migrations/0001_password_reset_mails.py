from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='PasswordResetMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(help_text='case-folded', max_length=254, unique=True)),
                ('sent_at', models.DateTimeField(db_index=True)),
            ],
        ),
    ]

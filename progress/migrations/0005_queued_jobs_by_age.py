import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OWNER_INDEX = "progress_job_owner_id_17b36313"


class Migration(migrations.Migration):
    """Index queued jobs by age, and drop the index on the owner alone, since others begin with the owner.

    Django's AlterField would copy the whole table on SQLite.
    """

    dependencies = [("progress", "0004_claim_by_owner"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddIndex(
            "job",
            models.Index(
                condition=models.Q(state="queued"), fields=["created_at", "id", "owner"], name="job_queued_by_age"
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f'DROP INDEX IF EXISTS "{OWNER_INDEX}"',
                    f'CREATE INDEX IF NOT EXISTS "{OWNER_INDEX}" ON "progress_job" ("owner_id")',
                )
            ],
            state_operations=[
                migrations.AlterField(
                    "job",
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="jobs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                )
            ],
        ),
    ]

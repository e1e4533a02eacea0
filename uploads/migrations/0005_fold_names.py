from django.db import migrations, transaction

from uploads.search import fold_name

BATCH_SIZE = 500
MAX_LENGTH = 300


def fold_names(apps, schema_editor):
    """Fold the names of existing uploads, in a transaction per batch, so that others can write in between."""
    uploads = apps.get_model("uploads", "Upload").objects
    names = list(uploads.filter(name_folded="").values_list("pk", "name"))
    for start in range(0, len(names), BATCH_SIZE):
        with transaction.atomic():
            for pk, name in names[start : start + BATCH_SIZE]:
                uploads.filter(pk=pk).update(name_folded=fold_name(name)[:MAX_LENGTH])


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('uploads', '0004_folded_names'),
    ]

    operations = [
        migrations.RunPython(fold_names, migrations.RunPython.noop, elidable=True),
    ]

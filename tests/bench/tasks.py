"""The same work, for our engine."""

from progress.tasks import task
from tests.bench import bare_tasks


@task(label="Nothing")
def nothing(progress, diary):
    bare_tasks.nothing(diary)

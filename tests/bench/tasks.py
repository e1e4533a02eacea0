"""The same work, for our engine."""

import time

from progress.tasks import task
from tests.bench import bare_tasks


@task(label="Nothing")
def nothing(progress, diary, seconds):
    if seconds:
        time.sleep(seconds)
    bare_tasks.nothing(diary)

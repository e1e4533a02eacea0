"""The same task as in `bare_tasks`, for Headway's workers."""

import time

from progress.tasks import task
from tests.bench import bare_tasks


@task(label="Logging the time")
def log_time(progress, log_path, seconds):
    if seconds:
        time.sleep(seconds)
    bare_tasks.log_time(log_path)

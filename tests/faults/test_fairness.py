"""Fairness: a user with many slow jobs doesn't delay the jobs of other users."""

from django.contrib.auth.models import User

from progress.models import Job, State
from tests.faults import tasks
from tests.faults.cluster import wait_until


def test_short_job_of_another_user_starts_next(cluster, alice):
    bob = User.objects.create(username="bob")
    events = str(cluster.event_log)
    slow = [tasks.work_slowly.enqueue(owner=alice, events=events, seconds=2.0) for _ in range(12)]
    wait_until(lambda: Job.objects.filter(state=State.RUNNING).count() == 2)
    short = tasks.work.enqueue(owner=bob, events=events, name="short", steps=1)
    cluster.wait_for(short, State.SUCCEEDED)
    short.refresh_from_db()
    # Both workers were busy with slow jobs when the short job was enqueued; one of them may have claimed its next job
    # while the short job was being committed.
    assert Job.objects.filter(pk__in=[job.pk for job in slow], started_at__lt=short.started_at).count() <= 3
    assert Job.objects.filter(pk__in=[job.pk for job in slow]).cancel() > 0

"""Order of claims (the owner with the fewest running jobs, then the oldest job), and the limit of queued jobs."""

from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from progress import tasks
from progress.models import MAX_OVERTAKING, Job, State
from progress.worker import processes, runner
from tests.helpers import file, make_job, problem, run_queue
from tests.progress.tasks import count
from tests.uploads.receiving.tus import create_transfer, patch, post_transfer
from uploads.models import Transfer, Upload

OWNERS = 4


@given(
    running=st.lists(st.integers(0, OWNERS - 1), max_size=6),
    queued=st.lists(st.integers(0, OWNERS - 1), max_size=12),
    finishes=st.lists(st.booleans(), min_size=12, max_size=12),
)
@settings(max_examples=40)
@pytest.mark.django_db
def test_claims_are_fair_for_any_mix_of_owners(running, queued, finishes):
    """Compare with a simple model. Some running jobs finish between two claims."""
    Job.objects.all().delete()
    owners = [User.objects.get_or_create(username=f"owner {number}")[0] for number in range(OWNERS)]
    now = timezone.now()
    unfinished = [make_job(owner=owners[number], state=State.RUNNING) for number in running]
    waiting = [
        make_job(owner=owners[number], created_at=now + timedelta(seconds=at)) for at, number in enumerate(queued)
    ]
    while waiting:
        busy = Counter(job.owner_id for job in unfinished)
        expected = min(waiting, key=lambda job: (busy[job.owner_id], job.created_at))
        assert Job.objects.claim_next() == expected
        waiting.remove(expected)
        unfinished.append(expected)
        if finishes.pop():
            finished = unfinished.pop(0)
            Job.objects.filter(pk=finished.pk).update(state=State.FAILED, finished_at=timezone.now())
    assert Job.objects.claim_next() is None


def test_delivery_of_one_owners_job_starts_the_job_of_another(alice, bob):
    make_job(owner=alice, state=State.RUNNING)
    delivered, other = count.enqueue(owner=alice), count.enqueue(owner=bob)
    runner.run(str(delivered.pk))
    delivered.refresh_from_db()
    other.refresh_from_db()
    assert (delivered.state, other.state) == (State.QUEUED, State.SUCCEEDED)
    assert run_queue() == 2  # the second delivery finds no queued job
    delivered.refresh_from_db()
    assert delivered.state == State.SUCCEEDED


def test_delivered_job_starts_before_an_older_job_of_the_only_owner(alice):
    """The order of one owner's jobs doesn't matter, so workers needn't wait for each other to claim them."""
    first, second = (count.enqueue(owner=alice) for _ in range(2))
    runner.run(str(second.pk))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (State.QUEUED, State.SUCCEEDED)


@pytest.mark.parametrize("seconds", [-1, 1])
def test_delivered_job_waits_for_a_job_older_than_the_tolerance(alice, seconds):
    """Otherwise, a job whose delivery was lost would not start as long as other jobs are enqueued."""
    older = make_job(owner=alice)
    delivered = make_job(owner=alice, created_at=older.created_at + MAX_OVERTAKING + timedelta(seconds=seconds))
    assert Job.objects.claim_delivered(delivered.pk) == (delivered if seconds < 0 else None)


@pytest.mark.parametrize("state", [State.RUNNING, State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_delivered_unqueued_job_is_not_claimed(alice, state):
    assert Job.objects.claim_delivered(make_job(owner=alice, state=state).pk) is None


def test_claim_with_a_lost_response_is_resumed(alice, monkeypatch):
    """The database claimed the job, but the worker received no response. The worker claims no second job."""
    first, second = (count.enqueue(owner=alice) for _ in range(2))
    claim_delivered = Job.objects.claim_delivered

    def lose_response(job_id: str, worker: str) -> None:
        claim_delivered(job_id, worker)
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(processes, "worker_name", lambda: "here:10:12")
    monkeypatch.setattr(Job.objects, "claim_delivered", lose_response)
    runner.run(str(first.pk))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.attempt, second.state) == (State.SUCCEEDED, 1, State.QUEUED)


def test_claim_scans_no_table(alice):
    """Each step of the query plan uses an index."""
    make_job(owner=alice)
    with CaptureQueriesContext(connection) as queries:
        Job.objects.claim_next("here:10:12")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
        else:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert "job_queued_by_age" in plan
    assert "job_running" in plan
    assert "SCAN progress_job\n" not in plan
    assert "Seq Scan on progress_job" not in plan


class TestQueueLimit:
    """Each entry point rejects further jobs of a user who has too many queued jobs, and keeps the data it has."""

    @pytest.fixture(autouse=True)
    def _full(self, alice, monkeypatch):
        monkeypatch.setattr(tasks, "MAX_QUEUED", 2)
        self.jobs = [make_job(owner=alice) for _ in range(2)]

    def test_api_rejects_a_retry(self, as_alice, alice):
        failed = make_job(owner=alice, state=State.FAILED)
        response = as_alice.post(f"/api/progress/{failed.pk}/retry/")
        assert problem(response, 429)["detail"].startswith("You have 2 jobs waiting")
        assert response["Retry-After"] == "60"

    def test_page_rejects_a_retry(self, as_alice, alice):
        failed = make_job(owner=alice, state=State.FAILED)
        response = as_alice.post(f"/progress/{failed.pk}/retry/")
        assert response.status_code == 429
        assert "You have 2 jobs waiting" in response.text

    def test_running_and_finished_jobs_do_not_count(self, as_alice, alice):
        failed = make_job(owner=alice, state=State.FAILED)
        Job.objects.claim_next()
        assert as_alice.post(f"/api/progress/{failed.pk}/retry/").status_code == 200

    def test_jobs_of_other_users_do_not_count(self, as_bob, bob):
        failed = make_job(owner=bob, state=State.FAILED)
        assert as_bob.post(f"/api/progress/{failed.pk}/retry/").status_code == 200

    def test_page_rejects_a_file(self, as_alice):
        response = as_alice.post("/uploads/", {"file": file()})
        assert response.status_code == 429
        assert "You have 2 jobs waiting" in response.text
        assert not Upload.objects.exists()

    @pytest.mark.parametrize("url", ["/api/uploads/", "/api/todos/import/"])
    def test_api_rejects_a_file(self, as_alice, url):
        response = as_alice.post(url, {"file": file(b"Buy milk", "todo.txt")})
        assert problem(response, 429)["detail"].startswith("You have 2 jobs waiting")
        assert response["Retry-After"] == "60"
        assert not Upload.objects.exists()

    def test_import_page_rejects_a_file(self, as_alice):
        response = as_alice.post("/todos/import/", {"file": file(b"Buy milk", "todo.txt")})
        assert response.status_code == 429
        assert "You have 2 jobs waiting" in response.text

    def test_tus_rejects_a_new_file(self, as_alice):
        response = post_transfer(as_alice, 5)
        assert problem(response, 429)["detail"].startswith("You have 2 jobs waiting")
        assert response["Retry-After"] == "60"
        assert not Transfer.objects.exists()

    def test_tus_accepts_bytes_of_a_transfer_created_before(self, as_alice):
        Job.objects.filter(pk=self.jobs[0].pk).delete()
        url = create_transfer(as_alice, 5)
        make_job(owner=self.jobs[0].owner)
        assert patch(as_alice, url, 0, b"hello").status_code == 204
        assert Upload.objects.get().job.state == State.QUEUED

    def test_tus_keeps_parts_after_rejecting_their_concatenation(self, as_alice):
        Job.objects.filter(pk=self.jobs[0].pk).delete()
        parts = [create_transfer(as_alice, 5, content=b"hello", HTTP_UPLOAD_CONCAT="partial") for _ in range(2)]
        extra = make_job(owner=self.jobs[0].owner)
        final = {"length": None, "HTTP_UPLOAD_CONCAT": "final;" + " ".join(parts)}
        problem(post_transfer(as_alice, **final), 429)
        Job.objects.filter(pk=extra.pk).delete()
        assert post_transfer(as_alice, **final).status_code == 201
        assert Upload.objects.get().size == 10


def test_delivered_job_takes_over_the_delivery_of_the_claimed_job(alice, bob):
    """A lost delivery is then noticed as early as if each delivery started its own job."""
    first, second = count.enqueue(owner=bob), count.enqueue(owner=alice)
    lost_at = timezone.now() - timedelta(seconds=9)
    Job.objects.filter(pk=first.pk).update(delivered_at=lost_at)
    runner.run(str(second.pk))
    second.refresh_from_db()
    assert (second.state, second.delivered_at) == (State.QUEUED, lost_at)

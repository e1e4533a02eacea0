"""Long polls of one or several jobs, streams of jobs, and the hub."""

import json
import time
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from progress.live import stream
from progress.live.hub import Hub, TooManyUserWatchers, TooManyWatchers, hub
from progress.live.jobs import Jobs
from progress.models import Job, State, changed
from tests.helpers import body, make_job, make_login, problem

pytestmark = pytest.mark.usefixtures("during_waits")

UNKNOWN = "00000000-0000-0000-0000-000000000000"


def change(job: Job, **values) -> None:
    """Change a job and its version, as a worker's report does."""
    Job.objects.filter(pk=job.pk).update(**values, **changed())


def finish(job: Job) -> None:
    change(job, state=State.SUCCEEDED, percent=100, finished_at=timezone.now())


@pytest.fixture
def running(alice) -> Job:
    return make_job(owner=alice, state=State.RUNNING, percent=10)


class TestLongPoll:
    def test_returns_when_the_job_has_changed(self, as_alice, running, during_waits):
        during_waits += [lambda: None, lambda: change(running, percent=20)]
        body = as_alice.get(f"/api/progress/{running.pk}/?after={running.version}&wait=30").json()
        assert (body["percent"], body["version"]) == (20, running.version + 1)
        assert during_waits == []

    def test_returns_when_the_wait_is_over(self, as_alice, running):
        started_at = time.monotonic()
        body = as_alice.get(f"/api/progress/{running.pk}/?after={running.version}&wait=2.5").json()
        assert body["version"] == running.version
        assert time.monotonic() - started_at == 2.5

    @pytest.mark.parametrize("query", ["", "?wait=30", "?after=0&wait=30", "?after=1", "?after=1&wait=0"])
    def test_returns_immediately_without_after_or_wait(self, as_alice, running, query, during_waits):
        during_waits.append(lambda: pytest.fail("waited"))
        assert as_alice.get(f"/api/progress/{running.pk}/{query}").json()["percent"] == 10
        during_waits.clear()

    def test_without_wait_registers_no_watcher(self, as_alice, running, monkeypatch):
        monkeypatch.setattr(Hub, "watch", lambda self, kind, ids: pytest.fail("watched"))
        for url in (f"/api/progress/{running.pk}/?after=99", f"/api/progress/?id={running.pk}:99"):
            assert as_alice.get(url).status_code == 200

    def test_finished_job_returns_immediately(self, as_alice, alice, during_waits):
        job = make_job(owner=alice, state=State.SUCCEEDED)
        during_waits.append(lambda: pytest.fail("waited"))
        assert as_alice.get(f"/api/progress/{job.pk}/?after=99&wait=30").json()["state"] == "succeeded"
        during_waits.clear()

    def test_job_deleted_during_the_wait_is_not_found(self, as_alice, running, during_waits):
        during_waits.append(lambda: Job.objects.all().delete())
        problem(as_alice.get(f"/api/progress/{running.pk}/?after={running.version}&wait=30"), 404)

    def test_returns_immediately_when_the_process_stops(self, as_alice, running, monkeypatch):
        monkeypatch.setattr(hub, "stopping", True)
        started_at = time.monotonic()
        assert as_alice.get(f"/api/progress/{running.pk}/?after={running.version}&wait=30").status_code == 200
        assert time.monotonic() == started_at

    def test_returns_immediately_when_the_process_has_too_many_watchers(self, as_alice, running, settings):
        settings.PROGRESS_MAX_WATCHERS = 0
        started_at = time.monotonic()
        body = as_alice.get(f"/api/progress/{running.pk}/?after={running.version}&wait=30").json()
        assert body["percent"] == 10
        assert time.monotonic() == started_at

    @pytest.mark.parametrize("value", ["x", "-1", "", "1.5", "1e3", "٣", "9" * 19, "9" * 5000, "0x1", " 1", "+1"])
    def test_invalid_version_returns_400(self, as_alice, running, value):
        body = problem(as_alice.get(f"/api/progress/{running.pk}/", {"after": value, "wait": "1"}), 400)
        assert "whole number" in body["detail"]

    @pytest.mark.parametrize("value", ["x", "-1", "", "30.1", "31", "1e1", "nan", "inf", "9" * 5000, "1.", ".5", "٣"])
    def test_invalid_wait_returns_400(self, as_alice, running, value):
        body = problem(as_alice.get(f"/api/progress/{running.pk}/", {"after": "1", "wait": value}), 400)
        assert "from 0 to 30" in body["detail"]


class TestSeveralJobs:
    def test_jobs_are_returned_in_the_order_of_their_ids(self, as_alice, alice):
        jobs = [make_job(owner=alice) for _ in range(3)]
        body = as_alice.get("/api/progress/?" + "&".join(f"id={job.pk}" for job in reversed(jobs))).json()
        assert [job["id"] for job in body["jobs"]] == [str(job.pk) for job in reversed(jobs)]
        assert body["jobs"][0] == as_alice.get(f"/api/progress/{jobs[2].pk}/").json()
        assert body["missing"] == []

    def test_unknown_expired_and_other_users_jobs_are_missing(self, as_alice, alice, bob):
        own, theirs = make_job(owner=alice), make_job(owner=bob)
        expired = make_job(owner=alice, state=State.FAILED, finished_at=timezone.now() - timedelta(hours=2))
        ids = [UNKNOWN, own.pk, theirs.pk, expired.pk]
        body = as_alice.get("/api/progress/?" + "&".join(f"id={job_id}" for job_id in ids)).json()
        assert [job["id"] for job in body["jobs"]] == [str(own.pk)]
        assert body["missing"] == [UNKNOWN, str(theirs.pk), str(expired.pk)]

    def test_returns_when_one_job_has_changed(self, as_alice, alice, during_waits):
        jobs = [make_job(owner=alice, state=State.RUNNING, percent=1) for _ in range(3)]
        during_waits += [lambda: None, lambda: change(jobs[1], percent=50)]
        query = "&".join(f"id={job.pk}:{job.version}" for job in jobs)
        body = as_alice.get(f"/api/progress/?{query}&wait=30").json()
        assert [job["percent"] for job in body["jobs"]] == [1, 50, 1]
        assert during_waits == []

    @pytest.mark.parametrize("other", [UNKNOWN, f"{UNKNOWN}:1"])
    def test_returns_immediately_when_a_job_is_missing(self, as_alice, running, other, during_waits):
        during_waits.append(lambda: pytest.fail("waited"))
        body = as_alice.get(f"/api/progress/?id={running.pk}:{running.version}&id={other}&wait=30").json()
        assert body["missing"] == [UNKNOWN]
        during_waits.clear()

    def test_returns_immediately_when_an_id_has_no_version(self, as_alice, alice, running, during_waits):
        during_waits.append(lambda: pytest.fail("waited"))
        other = make_job(owner=alice)
        as_alice.get(f"/api/progress/?id={running.pk}:{running.version}&id={other.pk}&wait=30")
        during_waits.clear()

    def test_repeated_id_returns_the_job_once(self, as_alice, running):
        assert len(as_alice.get(f"/api/progress/?id={running.pk}&id={running.pk}").json()["jobs"]) == 1

    @pytest.mark.parametrize("url", ["/api/progress/", "/api/progress/stream/"])
    @pytest.mark.parametrize(
        "value", ["x", "", UNKNOWN[:-1], f"{UNKNOWN}:", f"{UNKNOWN}:x", f"{UNKNOWN}:-1", f"{UNKNOWN}\0"]
    )
    def test_invalid_id_returns_400(self, as_alice, running, url, value):
        problem(as_alice.get(url, {"id": [str(running.pk), value]}), 400)

    @pytest.mark.parametrize("url", ["/api/progress/", "/api/progress/stream/"])
    def test_more_than_100_ids_return_400(self, as_alice, url):
        assert "at most 100" in problem(as_alice.get(url, {"id": [UNKNOWN] * 101}), 400)["detail"]
        assert as_alice.get("/api/progress/", {"id": [UNKNOWN] * 100}).json() == {
            "jobs": [],
            "missing": [UNKNOWN],
        }

    def test_without_ids_returns_unfinished_jobs_of_the_user(self, as_alice, alice, bob):
        make_job(owner=bob)
        make_job(owner=alice, state=State.SUCCEEDED)
        waiting = make_job(owner=alice)
        running = make_job(owner=alice, state=State.RUNNING)
        body = as_alice.get("/api/progress/").json()
        assert [job["id"] for job in body["jobs"]] == [str(running.pk), str(waiting.pk)]
        assert body["missing"] == []

    def test_anonymous_request_returns_401(self, visitor, running):
        problem(visitor.get(f"/api/progress/?id={running.pk}"), 401)
        problem(visitor.get(f"/api/progress/stream/?id={running.pk}"), 401)


class TestStream:
    def events(self, client, *jobs, **headers) -> list[tuple[str, str, dict]]:
        """Return the type, id and data of each event of a stream."""
        response = client.get("/api/progress/stream/?" + "&".join(f"id={job}" for job in jobs), **headers)
        assert response.status_code == 200
        assert response["Content-Type"] == "text/event-stream"
        text = body(response).decode()
        events = []
        for block in text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines())
            if "event" in fields:
                events.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
        return events

    def test_sends_the_job_and_its_changes_and_then_ends(self, as_alice, running, during_waits):
        during_waits += [lambda: change(running, percent=20), lambda: None, lambda: finish(running)]
        events = self.events(as_alice, running.pk)
        version = running.version
        assert [(kind, event_id, data.get("percent")) for kind, event_id, data in events] == [
            ("job", f"{running.pk}:{version}", 10),
            ("job", f"{running.pk}:{version + 1}", 20),
            ("job", f"{running.pk}:{version + 2}", 100),
            ("end", "", None),
        ]
        assert events[2][2] == as_alice.get(f"/api/progress/{running.pk}/").json()

    def test_finished_job_is_sent_once(self, as_alice, alice):
        job = make_job(owner=alice, state=State.FAILED, error_code="x", error_message="It broke.")
        assert [kind for kind, _, _ in self.events(as_alice, job.pk)] == ["job", "end"]

    def test_other_users_jobs_are_missing_and_own_jobs_are_sent(self, as_alice, bob, running, during_waits):
        theirs = make_job(owner=bob, state=State.RUNNING)
        during_waits += [lambda: change(theirs, percent=50), lambda: finish(running)]
        events = self.events(as_alice, UNKNOWN, running.pk, theirs.pk)
        missing = {data["id"] for kind, _, data in events if kind == "missing"}
        assert missing == {UNKNOWN, str(theirs.pk)}
        assert {data["id"] for kind, _, data in events if kind == "job"} == {str(running.pk)}
        assert events[-1][0] == "end"

    def test_deleted_job_is_missing(self, as_alice, running, during_waits):
        during_waits.append(lambda: Job.objects.all().delete())
        assert [kind for kind, _, _ in self.events(as_alice, running.pk)] == ["job", "missing", "end"]

    def test_late_visible_change_is_sent(self, as_alice, running, during_waits):
        late = timezone.now() - timedelta(seconds=60)
        during_waits.append(lambda: Job.objects.filter(pk=running.pk).update(version=9, percent=90, changed_at=late))
        during_waits += [lambda: None, lambda: finish(running)]
        assert 90 in [data.get("percent") for _, _, data in self.events(as_alice, running.pk)]

    def test_without_ids_changes_of_all_own_jobs_are_sent(
        self, as_alice, alice, bob, running, during_waits, monkeypatch
    ):
        theirs = make_job(owner=bob, state=State.RUNNING)
        late = timezone.now() - timedelta(seconds=30)
        during_waits += [
            lambda: None,  # the first tick may find earlier changes
            lambda: (change(running, percent=20), change(theirs, percent=50)),
            lambda: make_job(owner=alice, label="New"),
            lambda: Job.objects.filter(pk=running.pk).update(version=9, percent=90, changed_at=late),
            lambda: monkeypatch.setattr(hub, "_thorough_at", -1000.0),
            lambda: monkeypatch.setattr(hub, "stopping", True),
        ]
        text = body(as_alice.get("/api/progress/stream/")).decode()
        assert text.startswith("event: ready\ndata: {}\n\n")
        sent = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith('data: {"')]
        assert {job["id"] for job in sent} == {str(pk) for pk in alice.jobs.values_list("pk", flat=True)}
        percents = [job["percent"] for job in sent if job["id"] == str(running.pk)]
        assert percents[-2:] == [20, 90]
        assert len(percents) == len(set(percents))

    def test_filter_sends_the_own_jobs_of_the_filtered_list_before_ready(
        self, as_alice, alice, bob, running, monkeypatch
    ):
        queued = make_job(owner=alice)
        make_job(owner=alice, state=State.FAILED)
        make_job(owner=bob)
        monkeypatch.setattr(hub, "stopping", True)
        text = body(as_alice.get("/api/progress/stream/?filter=unfinished")).decode()
        ids = [line.removeprefix("id: ") for line in text.splitlines() if line.startswith("id: ")]
        assert ids == [f"{job.pk}:{job.version}" for job in (running, queued)]
        assert text.endswith("event: ready\ndata: {}\n\n")
        problem(as_alice.get("/api/progress/stream/?filter=x"), 400)

    def test_sends_a_comment_every_5_seconds_and_ends_after_ten_minutes(self, as_alice, running):
        started_at = time.monotonic()
        response = as_alice.get(f"/api/progress/stream/?id={running.pk}")
        chunks = list(response)
        assert chunks[1:] == [b": keep-alive\n\n"] * 119  # the stream ends before the 120th
        assert time.monotonic() - started_at == 600

    def test_ends_when_the_process_stops(self, as_alice, running, during_waits, monkeypatch):
        during_waits.append(lambda: monkeypatch.setattr(hub, "stopping", True))
        assert [kind for kind, _, _ in self.events(as_alice, running.pk)] == ["job"]

    def test_too_many_watchers_of_a_process_return_503_with_retry_after(self, as_alice, running, settings):
        settings.PROGRESS_MAX_WATCHERS = 1
        with hub.watch(Jobs, [running.pk], make_login(running.owner)):
            response = as_alice.get(f"/api/progress/stream/?id={running.pk}")
        assert "Too many" in problem(response, 503)["detail"]
        assert response["Retry-After"] == "5"

    def test_too_many_streams_of_a_user_return_429_and_polls_return_immediately(self, as_alice, running, settings):
        settings.PROGRESS_MAX_WATCHERS_PER_USER = 1
        with hub.watch(Jobs, [running.pk], make_login(running.owner)):
            response = as_alice.get(f"/api/progress/stream/?id={running.pk}")
            started_at = time.monotonic()
            poll = as_alice.get(f"/api/progress/{running.pk}/?after={running.version}&wait=30")
            assert time.monotonic() == started_at
        assert "You have too many" in problem(response, 429)["detail"]
        assert response["Retry-After"] == "5"
        assert poll.json()["percent"] == 10

    def test_stream_closed_before_it_is_read_has_no_watcher(self, as_alice, running):
        as_alice.get(f"/api/progress/stream/?id={running.pk}").close()

    def test_headers_prevent_proxies_from_buffering(self, as_alice, running):
        response = as_alice.get(f"/api/progress/stream/?id={running.pk}")
        assert response["X-Accel-Buffering"] == "no"
        assert "no-store" in response["Cache-Control"]
        response.close()

    def test_urls_have_the_host_of_the_request(self, as_alice, running, during_waits, settings):
        settings.ALLOWED_HOSTS = ["one.example.com"]
        during_waits.append(lambda: finish(running))
        (_, _, job), *_ = self.events(as_alice, running.pk, headers={"host": "one.example.com"})
        assert job["url"] == f"http://one.example.com/api/progress/{running.pk}/"

    def test_only_get_is_allowed(self, as_alice, running):
        """The response to a HEAD request would be sent at the end of the stream."""
        for method in ("head", "post"):
            assert getattr(as_alice, method)(f"/api/progress/stream/?id={running.pk}").status_code == 405


class TestHub:
    def test_queries_do_not_multiply_with_watchers(self, alice, settings, django_assert_num_queries):
        settings.PROGRESS_MAX_WATCHERS_PER_USER = 600
        jobs = [make_job(owner=alice, state=State.RUNNING) for _ in range(30)]
        own_hub = Hub()
        own_hub._thorough_at = time.monotonic()
        login = make_login(alice)
        watchers = [own_hub.watch(Jobs, [job.pk], login) for job in jobs for _ in range(20)]
        Job.objects.update(changed_at=Now())
        for queries in (2, 1):  # first all jobs have changed, then none
            with django_assert_num_queries(queries):
                own_hub.tick()
        change(jobs[0], percent=5)
        with django_assert_num_queries(2):
            own_hub.tick()
        assert sum(bool(watcher._changes) for watcher in watchers) == 600

    def test_job_is_encoded_once_for_all_watchers(self, alice, running, monkeypatch):
        encoded = []
        monkeypatch.setattr(stream, "_encode", lambda job, base_url: encoded.append(base_url) or b"event")
        own_hub = Hub()
        watchers = [own_hub.watch(Jobs, [running.pk], make_login(running.owner)) for _ in range(10)]
        own_hub.tick()
        for watcher in watchers:
            changes = watcher._changes
            events = stream.JobEvents(watcher, {}, "http://a")
            assert events.encode(changes) == b"event"
        assert encoded == ["http://a"]

    def test_limit_of_a_user_does_not_affect_other_users(self, alice, bob, running, settings):
        settings.PROGRESS_MAX_WATCHERS_PER_USER = 1
        own_hub = Hub()
        watcher = own_hub.watch(Jobs, [running.pk], make_login(alice))
        with pytest.raises(TooManyUserWatchers):
            own_hub.watch(Jobs, [running.pk], make_login(alice))
        own_hub.watch(Jobs, [running.pk], make_login(bob)).close()
        watcher.close()
        own_hub.watch(Jobs, [running.pk], make_login(alice)).close()
        assert not own_hub._per_user

    def test_process_limit_rejects_further_watchers(self, alice, running, settings):
        settings.PROGRESS_MAX_WATCHERS = 2
        own_hub, login = Hub(), make_login(alice)
        first, _ = own_hub.watch(Jobs, [running.pk], login), own_hub.watch(Jobs, [running.pk], login)
        with pytest.raises(TooManyWatchers):
            own_hub.watch(Jobs, [running.pk], login)
        first.close()
        own_hub.watch(Jobs, [running.pk], login).close()

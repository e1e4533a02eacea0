"""The page of a job, and its JSON."""

from datetime import timedelta

import pytest
from django.utils import timezone

from progress.models import Job, State
from progress.tasks import TaskError
from tests.helpers import make_job, problem, run_queue
from tests.progress import tasks


def test_job_is_returned_as_json(as_alice, alice):
    job = make_job(
        owner=alice,
        state=State.RUNNING,
        label="Processing holiday.jpg",
        percent=42,
        stage="Making thumbnails",
        current=2,
        total=3,
        unit="images",
        eta_seconds=4,
    )
    response = as_alice.get(f"/api/progress/{job.pk}/")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    body = response.json()
    for name in ("created_at", "started_at"):
        assert timezone.datetime.fromisoformat(body.pop(name)).tzinfo
    assert body == {
        "id": str(job.pk),
        "url": f"http://testserver/api/progress/{job.pk}/",
        "label": "Processing holiday.jpg",
        "state": "running",
        "percent": 42,
        "stage": "Making thumbnails",
        "current": 2,
        "total": 3,
        "unit": "images",
        "eta_seconds": 4,
        "version": 1,
        "attempt": 1,
        "cancel_requested": False,
        "result": None,
        "error": None,
        "retryable": False,
        "finished_at": None,
    }


def test_failed_job_has_code_and_message(as_alice, alice):
    job = make_job(owner=alice, state=State.FAILED, error_code="invalid_file", error_message="Choose another file.")
    body = as_alice.get(f"/api/progress/{job.pk}/").json()
    assert body["error"] == {"code": "invalid_file", "message": "Choose another file."}


def test_failed_job_without_code_has_an_error(as_alice, alice, monkeypatch):
    def function(progress):
        raise TaskError("", "")

    monkeypatch.setattr(tasks.fail_permanently, "function", function)
    job = tasks.fail_permanently.enqueue(owner=alice)
    run_queue()
    assert as_alice.get(f"/api/progress/{job.pk}/").json()["error"] == {"code": "failed", "message": ""}


@pytest.mark.parametrize("url", ["/api/progress/{}/", "/progress/{}/"])
def test_job_of_another_user_is_not_found(as_bob, visitor, alice, url):
    url = url.format(make_job(owner=alice).pk)
    assert as_bob.get(url).status_code == 404
    assert visitor.get(url).status_code in (302, 401)


def test_unknown_and_invalid_ids_are_not_found(as_alice):
    for invalid in ("00000000-0000-0000-0000-000000000000", "xyz", "1", "%00", "0" * 36):
        problem(as_alice.get(f"/api/progress/{invalid}/"), 404)
        assert as_alice.get(f"/progress/{invalid}/").status_code == 404


def test_job_can_not_be_changed_by_its_url(as_alice, alice):
    job = make_job(owner=alice)
    for method in ("post", "put", "patch", "delete"):
        response = getattr(as_alice, method)(f"/api/progress/{job.pk}/")
        problem(response, 405)
        assert response["Allow"] == "GET, HEAD"
    assert Job.objects.exists()


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_finished_job_returns_410_after_its_retention(as_alice, alice, state):
    job = make_job(owner=alice, state=state, finished_at=timezone.now() - timedelta(minutes=59))
    assert as_alice.get(f"/api/progress/{job.pk}/").status_code == 200
    Job.objects.update(finished_at=timezone.now() - timedelta(minutes=61))
    problem(as_alice.get(f"/api/progress/{job.pk}/"), 410)
    page = as_alice.get(f"/progress/{job.pk}/")
    assert page.status_code == 410
    assert "has been removed" in page.text


def test_page_reloads_itself_without_javascript_until_the_job_finishes(as_alice, alice):
    refresh = '<noscript><meta http-equiv="refresh"'
    job = make_job(owner=alice, state=State.RUNNING, percent=42, stage="Reading")
    page = as_alice.get(f"/progress/{job.pk}/").text
    assert refresh in page
    assert 'value="42"' in page
    assert "Reading" in page
    Job.objects.update(state=State.SUCCEEDED, percent=100, finished_at=timezone.now(), result={"url": "/uploads/"})
    page = as_alice.get(f"/progress/{job.pk}/").text
    assert refresh not in page
    assert 'value="100"' in page
    assert '<a class="button" href="/uploads/">' in page


def test_page_is_fetched_again_when_its_job_finishes(as_alice, alice):
    job = make_job(owner=alice, state=State.RUNNING)
    assert f'id="job" hx-get="/progress/{job.pk}/"' in as_alice.get(f"/progress/{job.pk}/").text
    done = make_job(owner=alice, state=State.SUCCEEDED)
    assert "hx-get" not in as_alice.get(f"/progress/{done.pk}/").text


def test_bar_with_unknown_percent_has_no_value(as_alice, alice):
    job = make_job(owner=alice, state=State.RUNNING)
    page = as_alice.get(f"/progress/{job.pk}/").text
    assert "value=" not in page[page.index("<progress ") : page.index("</progress>")]


def test_labels_and_messages_are_escaped(as_alice, alice):
    job = make_job(owner=alice, state=State.FAILED, label="<b>", error_code="x", error_message="<i>")
    page = as_alice.get(f"/progress/{job.pk}/").text
    assert "<b>" not in page
    assert "<i>" not in page

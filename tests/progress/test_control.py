"""Cancel and retry, by the API, by buttons and in the admin."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django_q.models import OrmQ

from progress.models import Job, State, Worker
from tests.helpers import make_job, problem, run_queue
from tests.progress import tasks

ACTIONS = ["cancel", "retry"]
RUNNING = {"state": State.RUNNING, "stage": "Reading"}
FAILED = {"state": State.FAILED, "error_code": "x", "error_message": "It broke.", "attempt": 3}


def test_cancel_finishes_a_queued_job(as_alice, alice):
    job = tasks.count.enqueue(owner=alice, number=3)
    body = as_alice.post(f"/api/progress/{job.pk}/cancel/").json()
    assert (body["state"], body["cancel_requested"]) == ("cancelled", True)
    assert body["version"] > job.version
    assert body["finished_at"]
    run_queue()
    assert Job.objects.get().state == State.CANCELLED


def test_cancel_requests_a_running_job_to_stop(as_alice, alice):
    job = make_job(owner=alice, **RUNNING)
    response = as_alice.post(f"/api/progress/{job.pk}/cancel/")
    assert response.status_code == 200
    assert (response.json()["state"], response.json()["cancel_requested"]) == ("running", True)


def test_second_cancel_of_a_running_job_changes_nothing(as_alice, alice):
    job = make_job(owner=alice, **RUNNING)
    for _ in range(2):
        assert as_alice.post(f"/api/progress/{job.pk}/cancel/").status_code == 200


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_finished_job_can_not_be_cancelled(as_alice, alice, state):
    job = make_job(owner=alice, state=state)
    assert "already finished" in problem(as_alice.post(f"/api/progress/{job.pk}/cancel/"), 409)["detail"]


def test_retry_queues_a_failed_job(as_alice, alice):
    job = make_job(owner=alice, arguments={"number": 1}, **FAILED)
    body = as_alice.post(f"/api/progress/{job.pk}/retry/").json()
    assert (body["state"], body["attempt"], body["error"]) == ("queued", 0, None)
    run_queue()
    assert as_alice.get(f"/api/progress/{job.pk}/").json()["state"] == "succeeded"


def test_second_retry_does_not_deliver_again(as_alice, alice):
    job = make_job(owner=alice, **FAILED)
    assert as_alice.post(f"/api/progress/{job.pk}/retry/").status_code == 200
    problem(as_alice.post(f"/api/progress/{job.pk}/retry/"), 409)
    assert OrmQ.objects.count() == 1


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.SUCCEEDED])
def test_retry_requires_a_failed_or_cancelled_job(as_alice, alice, state):
    job = make_job(owner=alice, state=state)
    problem(as_alice.post(f"/api/progress/{job.pk}/retry/"), 409)
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("prefix", ["/api/progress", "/progress"])
def test_job_of_another_user_is_not_found(as_bob, visitor, alice, prefix, action):
    job = make_job(owner=alice, **(RUNNING if action == "cancel" else FAILED))
    url = f"{prefix}/{job.pk}/{action}/"
    assert as_bob.post(url).status_code == 404
    assert visitor.post(url).status_code in (302, 401)
    unchanged = Job.objects.get()
    assert (unchanged.state, unchanged.cancel_requested) == (job.state, False)


@pytest.mark.parametrize("action", ACTIONS)
def test_get_requests_do_not_change_a_job(as_alice, alice, action):
    job = make_job(owner=alice)
    response = as_alice.get(f"/api/progress/{job.pk}/{action}/")
    problem(response, 405)
    assert response["Allow"] == "POST"
    assert as_alice.get(f"/progress/{job.pk}/{action}/").status_code == 405


@pytest.mark.parametrize("action", ACTIONS)
def test_cross_site_requests_are_rejected(alice, action):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    job = make_job(owner=alice)
    problem(client.post(f"/api/progress/{job.pk}/{action}/"), 403)
    assert client.post(f"/progress/{job.pk}/{action}/").status_code == 403
    assert Job.objects.get().state == State.QUEUED


def test_buttons_of_the_page_work_without_javascript(as_alice, alice):
    job = make_job(owner=alice, arguments={"number": 1})
    url = f"/progress/{job.pk}/"
    assert visible_actions(as_alice.get(url).text) == {"cancel"}
    page = as_alice.post(f"{url}cancel/", follow=True)
    assert page.redirect_chain == [(url, 302)]
    assert "Cancelled" in page.text
    assert visible_actions(page.text) == {"retry"}
    page = as_alice.post(f"{url}retry/", follow=True)
    assert "Waiting" in page.text
    run_queue()
    assert visible_actions(as_alice.get(url).text) == set()


def test_buttons_of_a_finished_job_show_its_page(as_alice, alice):
    job = make_job(owner=alice, state=State.SUCCEEDED)
    for action in ACTIONS:
        assert "Done" in as_alice.post(f"/progress/{job.pk}/{action}/", follow=True).text


def visible_actions(page: str) -> set[str]:
    """Return the actions whose forms are visible."""
    return {action for action in ACTIONS if "hidden" not in page.split(f'class="bar-{action}"')[1].split(">")[0]}


def run_admin_action(client, action: str, *jobs: Job):
    data = {"action": action, "_selected_action": [str(job.pk) for job in jobs]}
    return client.post("/admin/progress/job/", data, follow=True)


def test_admin_cancels_and_retries_jobs(as_admin, alice):
    waiting, running = make_job(owner=alice), make_job(owner=alice, **RUNNING)
    failed, done = make_job(owner=alice, **FAILED), make_job(owner=alice, state=State.SUCCEEDED)
    page = run_admin_action(as_admin, "cancel", waiting, running, done).text
    assert "2 cancelled or asked to stop." in page
    assert "1 had already finished." in page
    page = run_admin_action(as_admin, "retry", waiting, failed, done).text
    assert "2 queued again." in page
    assert "1 had neither failed nor been cancelled." in page
    assert {job.pk: job.state for job in Job.objects.all()} == {
        waiting.pk: State.QUEUED,
        running.pk: State.RUNNING,
        failed.pk: State.QUEUED,
        done.pk: State.SUCCEEDED,
    }


def test_admin_with_view_permission_only_can_not_cancel_jobs(alice, bob):
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_job"))
    client = Client()
    client.force_login(bob)
    job = make_job(owner=alice)
    assert "Cancel the selected" not in client.get("/admin/progress/job/").text
    run_admin_action(client, "cancel", job)
    assert Job.objects.get().state == State.QUEUED


def test_admin_list_shows_progress_and_reloads_itself(as_admin, alice):
    make_job(owner=alice, state=State.RUNNING, percent=42, attempt=2, max_attempts=3, worker="here:10:12")
    page = as_admin.get("/admin/progress/job/").text
    for text in ('<progress value="42" max="100">', "2 of 3", "here:10:12"):
        assert text in page
    assert 'type="module"' in page
    assert "progress/admin-live.js" in page


def test_admin_lists_workers(as_admin, alice):
    Worker.objects.record_heartbeat("here:10")
    make_job(owner=alice, state=State.RUNNING, worker="here:10:12")
    make_job(owner=alice, state=State.RUNNING, worker="here:100:12")
    page = as_admin.get("/admin/progress/worker/").text
    assert "here:10" in page
    assert 'alt="True"' in page
    assert ">1 job</a>" in page
    (link,) = (part.split('"')[0] for part in page.split('href="')[1:] if "state__exact" in part)
    assert "1 job" in as_admin.get(link.replace("&amp;", "&")).text

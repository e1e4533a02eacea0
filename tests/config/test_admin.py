"""The admin site: lists, access, and fields that can't be edited."""

import pytest

from progress.models import State, Worker
from tests.helpers import file, make_job, make_todo, run_queue
from uploads.models import Upload
from uploads.receiving import ingest

LISTS = [
    "/admin/todos/todo/?q=milk",
    "/admin/uploads/upload/?q=hello",
    "/admin/progress/job/?q=Processing",
    "/admin/progress/worker/",
    "/admin/axes/accesslog/",
    "/admin/axes/accessfailurelog/",
]


@pytest.fixture
def objects(alice):
    make_todo(owner=alice)
    upload = ingest.create_upload(alice, file())
    run_queue()
    Worker.objects.create(name="here:1", beaten_at=upload.created_at)
    make_job(owner=alice, state=State.RUNNING, percent=42)
    return upload


@pytest.mark.parametrize("url", ["/admin/", *LISTS])
def test_list_is_shown(as_admin, objects, url):
    assert as_admin.get(url).status_code == 200


@pytest.mark.parametrize("url", ["/admin/", *LISTS])
def test_list_requires_staff(as_alice, visitor, objects, url):
    assert as_alice.get(url).status_code == 302
    assert visitor.get(url).status_code == 302


def test_list_of_jobs_has_progress_bars(as_admin, objects):
    assert '<progress value="42" max="100">' in as_admin.get("/admin/progress/job/").text


def test_derived_fields_of_uploads_cannot_be_edited(as_admin, objects):
    page = as_admin.get(f"/admin/uploads/upload/{objects.pk}/change/").text
    assert 'name="name"' in page
    for field in ("sha256", "size", "content_type", "job", "owner", "metadata"):
        assert f'name="{field}"' not in page
    fields = {"name": "renamed.txt", "sha256": "0" * 64, "renditions-TOTAL_FORMS": 0, "renditions-INITIAL_FORMS": 0}
    assert as_admin.post(f"/admin/uploads/upload/{objects.pk}/change/", fields).status_code == 302
    upload = Upload.objects.get()
    assert upload.name == "renamed.txt"
    assert upload.sha256 != "0" * 64


def test_jobs_can_be_viewed_but_not_edited(as_admin, objects):
    assert as_admin.get(f"/admin/progress/job/{objects.job_id}/change/").status_code == 200
    assert as_admin.post(f"/admin/progress/job/{objects.job_id}/change/", {"state": "failed"}).status_code == 403
    assert as_admin.get("/admin/progress/job/add/").status_code == 403
    assert as_admin.get("/admin/uploads/upload/add/").status_code == 403


def test_filters_of_lists(as_admin, objects):
    for url in (
        "todos/todo/?completed_at__isempty=1",
        "uploads/upload/?job__state=succeeded",
        "progress/job/?state=running",
    ):
        assert as_admin.get(f"/admin/{url}").status_code == 200


@pytest.mark.parametrize("model", ["schedule", "success", "failure", "ormq"])
def test_models_of_the_queue_are_not_in_the_admin(as_admin, model):
    """A schedule runs any function by its name, even `os.system`."""
    for url in (f"/admin/django_q/{model}/", f"/admin/django_q/{model}/add/", "/admin/django_q/"):
        assert as_admin.get(url).status_code == 404
    assert "django_q" not in as_admin.get("/admin/").text

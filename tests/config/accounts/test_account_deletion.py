"""Deletion of an account by its user, on the settings page."""

from datetime import timedelta

import pytest
from axes.models import AccessFailureLog, AccessLog
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone

from config.models import Preferences
from progress.exceptions import LostJob
from progress.models import Job
from progress.worker.attempt import Attempt
from tests.helpers import PASSWORD, file, files_below, make_login, make_todo
from tests.uploads.receiving.tus import create_transfer, patch
from todos.models import Todo
from uploads.models import Transfer, Upload
from uploads.receiving import ingest

URL = "/accounts/settings/"


def delete_account(client, password=PASSWORD):
    return client.post(URL, {"section": "delete", "current_password": password})


@pytest.mark.django_db(transaction=True)
def test_account_is_deleted_with_everything_that_belongs_to_it(as_alice, alice, as_bob, bob, state_dir):
    for client, user in ((as_alice, alice), (as_bob, bob)):
        make_todo(owner=user)
        make_todo(owner=user, deleted_at=timezone.now())
        ingest.create_upload(user, file())
        ingest.create_upload(user, file()).trash()
        patch(client, create_transfer(client, 11), 0, b"hello")
        Preferences.objects.create(user=user)
        make_login(user)  # another device
        AccessLog.objects.create(username=user.username)
        AccessFailureLog.objects.create(username=user.username)
    before = len(files_below(state_dir))
    response = delete_account(as_alice)
    assert (response.status_code, response["Location"]) == (302, "/accounts/deleted/")
    assert User.objects.get() == bob
    for model, count in ((Todo, 2), (Upload, 2), (Transfer, 1), (Job, 2), (Preferences, 1)):
        assert [getattr(row, "owner", None) or row.user for row in model.objects.all()] == [bob] * count
    assert len(files_below(state_dir)) == before / 2
    assert {session.get_decoded()["_auth_user_id"] for session in Session.objects.all()} == {str(bob.pk)}
    for model in (AccessLog, AccessFailureLog):
        assert [row.username for row in model.objects.all()] == ["bob"]


def test_deletion_ends_the_login_and_is_confirmed(as_alice):
    page = as_alice.post(URL, {"section": "delete", "current_password": PASSWORD}, follow=True)
    assert "<h1>Account deleted</h1>" in page.text
    assert as_alice.get("/todos/").status_code == 302


def test_worker_loses_a_running_job_of_a_deleted_user(as_alice, alice):
    ingest.create_upload(alice, file())
    attempt = Attempt(Job.objects.claim_next("worker"))
    delete_account(as_alice)
    with pytest.raises(LostJob):
        attempt.record_heartbeat()


@pytest.mark.parametrize("password", ["wrong", "", "x" * 5000])
def test_wrong_password_deletes_nothing_and_shows_an_error(as_alice, alice, password):
    make_todo(owner=alice)
    page = delete_account(as_alice, password)
    assert page.status_code == 200
    assert page.text.count('class="errorlist"') == 1
    assert Todo.objects.get().owner == alice


def test_password_attempts_are_limited_together_with_those_of_the_password_change(as_alice, alice):
    for _ in range(3):
        assert delete_account(as_alice, "wrong").status_code == 200
    for _ in range(2):
        as_alice.post("/accounts/password_change/", {"old_password": "wrong"})
    limited = delete_account(as_alice)
    assert limited.status_code == 429
    assert "Wait 15 minutes" in limited.text
    AccessFailureLog.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert delete_account(as_alice).status_code == 302


def test_get_deletes_nothing(as_alice, alice):
    as_alice.get(URL, {"section": "delete", "current_password": PASSWORD})
    assert User.objects.get() == alice


def test_only_superuser_cannot_delete_their_account(as_admin, admin_user, alice):
    page = delete_account(as_admin)
    assert "You are the only administrator of this site." in page.text
    assert User.objects.filter(pk=admin_user.pk).exists()
    User.objects.create_superuser("second", password=PASSWORD, is_active=False)
    assert delete_account(as_admin).status_code == 200
    User.objects.filter(username="second").update(is_active=True)
    assert delete_account(as_admin).status_code == 302
    assert not User.objects.filter(pk=admin_user.pk).exists()

"""Daily deletion of expired sessions and old login records."""

from datetime import timedelta

from axes.models import AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule

from config import retention
from config.models import PasswordResetMail
from tests.helpers import PASSWORD

FORM = {"username": "alice", "password": PASSWORD}


def test_prune_deletes_only_expired_sessions_and_old_records(alice, as_bob):
    Client().post("/accounts/login/", FORM)
    Client().post("/accounts/login/", FORM | {"username": "bob", "password": "wrong"})
    old = timezone.now() - retention.RETENTION[AccessLog] - timedelta(days=1)
    for model in (AccessLog, AccessFailureLog):
        assert model.objects.update(attempt_time=old)
    Session.objects.exclude(pk=as_bob.session.session_key).update(expire_date=timezone.now() - timedelta(minutes=1))
    Client().post("/accounts/login/", FORM)
    assert Session.objects.count() == 3

    for hours in (0, 2):
        address = f"{hours}@example.com"
        PasswordResetMail.objects.create(address=address, sent_at=timezone.now() - timedelta(hours=hours))

    import_string(Schedule.objects.get(name=retention.NAME).func)()
    assert Session.objects.count() == 2
    assert AccessLog.objects.get().username == "alice"
    assert not AccessFailureLog.objects.exists()
    assert PasswordResetMail.objects.get().address == "0@example.com"
    assert as_bob.get("/todos/").status_code == 200

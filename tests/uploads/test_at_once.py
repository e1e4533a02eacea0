"""Two that touch the same upload at the same time, on a database that lets them: PostgreSQL."""

import threading

import pytest
from django.db import connection

from tests.helpers import file, files_below, photo
from tests.uploads.test_processing import Silent
from uploads import processing, receiving
from uploads.models import Rendition, Upload

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_deleting_waits_for_renditions_that_are_just_being_recorded(alice, state_dir, monkeypatch):
    upload = receiving.receive(alice, file(photo()))
    recorded, may_commit, deleted = threading.Event(), threading.Event(), threading.Event()
    record = Rendition.objects.update_or_create

    def record_and_wait(**values):
        made = record(**values)
        recorded.set()
        assert may_commit.wait(20)
        return made

    def process():
        try:
            processing.process(upload, Silent())
        finally:
            connection.close()

    def delete():
        try:
            Upload.objects.get(pk=upload.pk).delete()
            deleted.set()
        finally:
            connection.close()

    monkeypatch.setattr(Rendition.objects, "update_or_create", record_and_wait)
    threads = [threading.Thread(target=process), threading.Thread(target=delete)]
    threads[0].start()
    assert recorded.wait(20)
    threads[1].start()
    wait_until_somebody_waits_for_a_lock()
    may_commit.set()
    for thread in threads:
        thread.join(20)
    assert deleted.is_set()
    assert not Upload.objects.exists()
    assert not Rendition.objects.exists()
    assert files_below(state_dir) == []


def wait_until_somebody_waits_for_a_lock():
    with connection.cursor() as cursor:
        for _ in range(2000):
            cursor.execute("SELECT pg_sleep(0.01), count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if cursor.fetchone()[1]:
                return
    pytest.fail("nobody waited")

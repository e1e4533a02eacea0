"""A site on several hosts: any host can serve a request, and a disconnected host does no harm."""

import os
import urllib.request

from progress.models import State
from tests.faults import tasks
from tests.faults.cluster import RECOVERY_SECONDS, Event, wait_until
from tests.faults.web import OCTETS, Response
from tests.machines.conftest import Site
from uploads.models import Upload

CONTENT = os.urandom(300_000)
HALF = len(CONTENT) // 2


def test_transfer_continues_on_the_host_with_its_first_bytes(site, visitor):
    """The transfer's id selects this host. Any host may have created the transfer."""
    seen = set()

    def seen_all_cases() -> bool:
        with site.proxy.entered():
            created = visitor.create_transfer(site.front, len(CONTENT))
            first = visitor.patch(site.front, created.path, 0, CONTENT[:HALF])
            second = visitor.patch(site.front, created.path, HALF, CONTENT[HALF:])
        assert (created.status, first.status, second.status) == (201, 204, 204)
        assert host(first) == host(second)
        seen.add((host(created), host(first)))
        return {a != b for a, b in seen} == {True, False} and len({receiver for _, receiver in seen}) == 2

    wait_until(seen_all_cases, 60)


def test_transfer_waits_for_its_disconnected_host_and_other_requests_do_not(site, visitor):
    """Another host would respond that the transfer doesn't exist, and the client would start again."""
    with site.proxy.entered():
        path = visitor.create_transfer(site.front, len(CONTENT)).path
        first = visitor.patch(site.front, path, 0, CONTENT[:HALF])
        (disconnected,) = (machine for machine, _ in site.web if host(first).startswith(f"{machine.address}:"))
        disconnected.unplug()
        assert visitor.patch(site.front, path, HALF, CONTENT[HALF:]).status in (502, 504)
        for _ in range(10):
            assert visitor.send(site.front, "GET", "/api/uploads/").status == 200
        disconnected.plug_in()
        wait_until(lambda: visitor.send(site.front, "HEAD", path).status == 200)
        assert visitor.patch(site.front, path, HALF, CONTENT[HALF:]).status == 204


def test_bytes_sent_with_the_creation_are_dropped_and_concatenation_is_rejected(site, visitor):
    """Any host may receive the creating request, not only the one that the transfer's id selects."""
    with site.proxy.entered():
        created = visitor.send(
            site.front, "POST", "/api/tus", CONTENT[:HALF], Upload_Length=str(len(CONTENT)), Content_Type=OCTETS
        )
        assert (created.status, created.offset) == (201, 0)
        assert visitor.patch(site.front, created.path, 0, CONTENT).status == 204
        partial = visitor.create_transfer(site.front, 5, Upload_Concat="partial")
    assert partial.status == 501


def test_upload_is_processed_by_a_worker_host_and_served_by_all_web_hosts(site, visitor):
    with site.proxy.entered():
        path = visitor.create_transfer(site.front, len(CONTENT)).path
        assert visitor.patch(site.front, path, 0, CONTENT).status == 204
    upload = Upload.objects.get(owner=visitor.user)
    site.workers[0][1].wait_for(upload.job, State.SUCCEEDED)
    for machine, web in site.web:
        with machine.entered():
            response = visitor.send(web, "GET", f"/uploads/{upload.pk}/download/")
            with urllib.request.urlopen(response.headers["Location"]) as stored:
                assert stored.read() == CONTENT


def test_disconnected_worker_host_loses_its_job_and_works_again_later(site, alice, tmp_path):
    """The host can't be notified. It ends the attempt itself, before another host begins the next one."""
    file = tmp_path / "file"
    job = tasks.work_until_file_exists.enqueue(owner=alice, events=event_log(site), name="job", file=str(file))
    wait_until(lambda: events(site, "step", "job"))
    (first,) = events(site, "begin", "job")
    (disconnected, its_cluster), (_, other_cluster) = sorted(
        site.workers, key=lambda pair: first.pid not in pair[1].all_processes()
    )
    disconnected.unplug()
    wait_until(lambda: len(events(site, "begin", "job")) == 2, RECOVERY_SECONDS)
    second = events(site, "begin", "job")[1]
    assert second.pid in other_cluster.all_processes()
    file.touch()
    job = other_cluster.wait_for(job, State.SUCCEEDED)
    disconnected.plug_in()
    other_cluster.stop()
    tasks.work.enqueue(owner=alice, events=event_log(site), name="later")
    wait_until(lambda: events(site, "end", "later"), 2 * RECOVERY_SECONDS)
    assert events(site, "end", "later")[0].pid in its_cluster.all_processes()
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)
    assert [event.attempt for event in events(site, "end", "job")] == [second.attempt]
    assert all(event.at < second.at for event in events(site, "step", "job") if event.attempt == first.attempt)


def events(site: Site, event: str, name: str) -> list[Event]:
    """Return the events of tasks on all hosts, which share this machine's disk."""
    return site.workers[0][1].events(event, name)


def event_log(site: Site) -> str:
    return str(site.workers[0][1].event_log)


def host(response: Response) -> str:
    """Return the address of the web host that sent the response."""
    return response.headers["Web-Host"]

"""What several machines promise: any of them will do, and one that is cut off is done without, and does no harm."""

import os
import urllib.request

from progress.models import State
from tests.faults import tasks
from tests.faults.cluster import WITHIN_SECONDS, Entry, wait_until
from tests.faults.web import OCTETS, Answer
from tests.machines.conftest import Site
from uploads.models import Upload

CONTENT = os.urandom(300_000)
HALF = len(CONTENT) // 2


def test_an_upload_goes_on_at_the_host_that_has_its_first_bytes(site, visitor):
    """Wherever it was begun: which host that is, its id decides, and it has none until then."""
    met = set()

    def both_ways() -> bool:
        with site.proxy.entered():
            begun = visitor.begin(site.front, len(CONTENT))
            first = visitor.patch(site.front, begun.path, 0, CONTENT[:HALF])
            second = visitor.patch(site.front, begun.path, HALF, CONTENT[HALF:])
        assert (begun.status, first.status, second.status) == (201, 204, 204)
        assert host(first) == host(second)
        met.add((host(begun), host(first)))
        return {here != there for here, there in met} == {True, False} and len({there for _, there in met}) == 2

    wait_until(both_ways, 60)


def test_an_upload_waits_for_its_host_and_nothing_else_does(site, visitor):
    """Another host would say that its bytes are lost, and then they would be."""
    with site.proxy.entered():
        path = visitor.begin(site.front, len(CONTENT)).path
        first = visitor.patch(site.front, path, 0, CONTENT[:HALF])
        (away,) = (machine for machine, _ in site.web if host(first).startswith(f"{machine.address}:"))
        away.unplug()
        assert visitor.patch(site.front, path, HALF, CONTENT[HALF:]).status in (502, 504)
        for _ in range(10):
            assert visitor.ask(site.front, "GET", "/api/uploads/").status == 200
        away.plug_in()
        wait_until(lambda: visitor.ask(site.front, "HEAD", path).status == 200)
        assert visitor.patch(site.front, path, HALF, CONTENT[HALF:]).status == 204


def test_what_is_sent_along_when_a_file_begins_is_sent_again(site, visitor):
    """The host that it comes to may not be the one where it will go on."""
    with site.proxy.entered():
        begun = visitor.ask(
            site.front, "POST", "/api/tus", CONTENT[:HALF], Upload_Length=str(len(CONTENT)), Content_Type=OCTETS
        )
        assert (begun.status, begun.offset) == (201, 0)
        assert visitor.patch(site.front, begun.path, 0, CONTENT).status == 204
        parts = visitor.begin(site.front, 5, Upload_Concat="partial")
    assert parts.status == 501


def test_a_file_is_worked_on_and_read_elsewhere(site, visitor):
    with site.proxy.entered():
        path = visitor.begin(site.front, len(CONTENT)).path
        assert visitor.patch(site.front, path, 0, CONTENT).status == 204
    upload = Upload.objects.get(owner=visitor.user)
    site.workers[0][1].wait_for(upload.job, State.SUCCEEDED)
    for machine, web in site.web:
        with machine.entered():
            answer = visitor.ask(web, "GET", f"/uploads/{upload.pk}/download/")
            with urllib.request.urlopen(answer.headers["Location"]) as stored:
                assert stored.read() == CONTENT


def test_a_worker_host_that_is_cut_off_loses_its_job_and_comes_back(site, alice, tmp_path):
    """Nobody tells it, and it can ask nobody: it stops by itself before another host begins."""
    job = tasks.until.enqueue(owner=alice, diary=diary(site), name="cut-off", sign=str(tmp_path / "sign"))
    wait_until(lambda: entries(site, "at", "cut-off"))
    (begun,) = entries(site, "begin", "cut-off")
    (cut_off, its_cluster), (_, other_cluster) = sorted(
        site.workers, key=lambda pair: begun.pid not in pair[1].everyone()
    )
    cut_off.unplug()
    wait_until(lambda: len(entries(site, "begin", "cut-off")) == 2, WITHIN_SECONDS)
    again = entries(site, "begin", "cut-off")[1]
    assert again.pid in other_cluster.everyone()
    (tmp_path / "sign").touch()
    job = other_cluster.wait_for(job, State.SUCCEEDED)
    cut_off.plug_in()
    other_cluster.stop()
    tasks.work.enqueue(owner=alice, diary=diary(site), name="afterwards")
    wait_until(lambda: entries(site, "end", "afterwards"), 2 * WITHIN_SECONDS)
    assert entries(site, "end", "afterwards")[0].pid in its_cluster.everyone()
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)
    assert [entry.attempt for entry in entries(site, "end", "cut-off")] == [again.attempt]
    assert all(entry.at < again.at for entry in entries(site, "at", "cut-off") if entry.attempt == begun.attempt)


def entries(site: Site, event: str, name: str) -> list[Entry]:
    """What tasks have noted, wherever they ran: the hosts have one disk here."""
    return site.workers[0][1].entries(event, name)


def diary(site: Site) -> str:
    return str(site.workers[0][1].diary)


def host(answer: Answer) -> str:
    """The web host that gave it."""
    return answer.headers["Answered-By"]

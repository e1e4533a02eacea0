"""The list of a user's jobs: the Activity page and the API."""

import re
from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.urls import resolve
from django.utils import timezone

from progress.models import Job, State
from progress.views import PAGE_SIZE
from tests.helpers import main_part, make_job, problem

STATES_IN_ORDER = [State.RUNNING, State.QUEUED, State.FAILED, State.CANCELLED, State.SUCCEEDED]


@pytest.fixture
def jobs(alice) -> list[Job]:
    """Create two jobs of each state, and return all in the order of the list."""
    now = timezone.now()
    rows = [
        [make_job(owner=alice, state=state, created_at=now - timedelta(minutes=age)) for age in (1, 2)]
        for state in STATES_IN_ORDER
    ]
    unfinished_and_failed, finished = rows[:3], rows[3:]
    return [job for pair in unfinished_and_failed for job in pair] + [
        *sorted(finished[0] + finished[1], key=lambda job: (job.created_at, job.pk), reverse=True)
    ]


def ids(response) -> list[str]:
    """Return the ids of the jobs that an API response or a page lists."""
    if response["Content-Type"] == "application/json":
        return [job["id"] for job in response.json()["jobs"]]
    return re.findall(r'data-job="([^"]+)"', response.text)


def expected(jobs) -> list[str]:
    return [str(job.pk) for job in jobs]


class TestApi:
    def test_lists_all_jobs_by_state_and_newest_first(self, as_alice, jobs):
        response = as_alice.get("/api/progress/?filter=all")
        assert ids(response) == expected(jobs)
        assert response.json()["missing"] == []
        assert "Link" not in response
        assert response.json()["jobs"][0] == as_alice.get(f"/api/progress/{jobs[0].pk}/").json()

    @pytest.mark.parametrize(
        ("name", "states"),
        [
            ("unfinished", {"running", "queued"}),
            ("failed", {"failed"}),
            ("finished", {"failed", "cancelled", "succeeded"}),
        ],
    )
    def test_filter_selects_states(self, as_alice, jobs, name, states):
        assert ids(as_alice.get(f"/api/progress/?filter={name}")) == expected(
            job for job in jobs if job.state in states
        )

    def test_pages_are_linked_and_list_each_job_once(self, as_alice, jobs, monkeypatch):
        monkeypatch.setattr("progress.api.PAGE_SIZE", 3)
        url, found = "/api/progress/?filter=all", []
        while url:
            response = as_alice.get(url)
            assert len(ids(response)) <= 3
            found += ids(response)
            link = response.get("Link", "")
            url = re.sub(r'<http://testserver(.*)>; rel="next"', r"\1", link)
            assert "filter=all" in url or not url
        assert found == expected(jobs)

    def test_new_job_does_not_shift_the_next_page(self, as_alice, alice, jobs, monkeypatch):
        monkeypatch.setattr("progress.api.PAGE_SIZE", 5)
        link = as_alice.get("/api/progress/?filter=all")["Link"]
        make_job(owner=alice)
        jobs[4].delete()
        assert ids(as_alice.get(re.search("<(.*)>", link)[1])) == expected(jobs[5:])

    def test_without_filter_returns_unfinished_jobs_newest_first(self, as_alice, jobs):
        unfinished = sorted(jobs[:4], key=lambda job: job.created_at, reverse=True)
        assert ids(as_alice.get("/api/progress/")) == expected(unfinished)

    def test_ids_take_precedence_over_a_filter(self, as_alice, jobs):
        assert ids(as_alice.get(f"/api/progress/?id={jobs[8].pk}&filter=failed")) == expected(jobs[8:9])

    @pytest.mark.parametrize("query", ["filter=", "filter=running", "filter=all\0"])
    def test_invalid_filter_returns_400(self, as_alice, query):
        assert "filter=all" in problem(as_alice.get(f"/api/progress/?{query}"), 400)["detail"]

    @pytest.mark.parametrize(
        "cursor",
        ["x", "0", "9_2026-01-01T00:00:00+00:00_{id}", "0_2026-01-01T00:00:00_{id}", "0_2026-01-01T00:00:00+00:00_x"],
    )
    def test_invalid_cursor_returns_400(self, as_alice, cursor):
        cursor = cursor.format(id="00000000-0000-0000-0000-000000000000")
        for url in ("/api/progress/", "/progress/"):
            assert as_alice.get(url, {"cursor": cursor}).status_code == 400


class TestPage:
    def test_groups_jobs_by_state(self, as_alice, jobs):
        page = as_alice.get("/progress/")
        assert ids(page) == expected(jobs)
        groups = main_part(page.text).split("<h2 ")[1:]
        assert [re.search(">(.*?)</h2>", group)[1] for group in groups] == ["In progress", "Failed", "Done"]
        assert [group.count("data-job=") for group in groups] == [4, 2, 4]

    def test_shows_times_result_and_error(self, as_alice, alice):
        now = timezone.now()
        make_job(
            owner=alice,
            state=State.SUCCEEDED,
            started_at=now - timedelta(seconds=95),
            finished_at=now,
            result={"url": "/todos/"},
        )
        make_job(owner=alice, state=State.FAILED, error_code="internal", error_message="It broke.")
        page = re.sub(r"\s+", " ", as_alice.get("/progress/").text)
        assert re.search(r"Ended <time [^>]*>[^<]+</time> after 2 min", page)
        assert '<a href="/todos/" aria-label="See the result: Counting">' in page
        assert "Failed: It broke." in page

    def test_is_paged(self, as_alice, alice):
        for number in range(PAGE_SIZE + 1):
            make_job(owner=alice, state=State.SUCCEEDED, label=f"Job {number}")
        first = as_alice.get("/progress/")
        cursor = re.search(r'rel="next" href="(\?cursor=[^"]+)"', first.text)[1]
        second = as_alice.get(f"/progress/{cursor}")
        assert (len(ids(first)), len(ids(second))) == (PAGE_SIZE, 1)
        assert 'rel="next"' not in second.text

    def test_number_of_queries_does_not_depend_on_the_number_of_jobs(self, as_alice, alice, django_assert_num_queries):
        make_job(owner=alice)
        for _ in range(2):
            with django_assert_num_queries(3):  # the session, the user and the jobs
                as_alice.get("/progress/")
            for state in STATES_IN_ORDER:
                make_job(owner=alice, state=state)

    def test_reloads_without_javascript_only_while_a_job_is_unfinished(self, as_alice, alice):
        make_job(owner=alice, state=State.FAILED)
        assert 'http-equiv="refresh"' not in as_alice.get("/progress/").text
        make_job(owner=alice)
        assert '<noscript><meta http-equiv="refresh"' in as_alice.get("/progress/").text

    def test_without_jobs_says_what_will_be_listed(self, as_alice):
        assert "Nothing is running." in as_alice.get("/progress/").text

    def test_job_page_links_to_the_list(self, as_alice, alice):
        page = as_alice.get(f"/progress/{make_job(owner=alice).pk}/").text
        assert re.search(r'<nav class="breadcrumb"[^>]*><a href="/progress/">.*? Activity</a></nav>', page, re.DOTALL)


@pytest.mark.parametrize("url", ["/progress/", "/api/progress/?filter=all"])
def test_other_users_jobs_are_not_listed(as_alice, as_bob, visitor, jobs, url):
    assert len(ids(as_alice.get(url))) == 10
    assert ids(as_bob.get(url)) == []
    assert visitor.get(url).status_code in (302, 401)


@pytest.mark.parametrize("url", ["/progress/", "/api/progress/?filter=finished"])
def test_expired_jobs_are_not_listed(as_alice, alice, settings, url):
    expired = make_job(owner=alice, state=State.FAILED, finished_at=timezone.now() - settings.PROGRESS_RETENTION * 2)
    assert as_alice.get(f"/progress/{expired.pk}/").status_code == 410
    assert ids(as_alice.get(url)) == []


@pytest.mark.parametrize(("url", "has_tray"), [("/uploads/", True), ("/progress/", False)])
def test_tray_is_left_out_of_the_page_that_lists_all_jobs(rf, alice, url, has_tray, django_assert_num_queries):
    request = rf.get(url)
    request.user, request.resolver_match = alice, resolve(url)
    with django_assert_num_queries(0):
        fragment = render_to_string("progress/_tray.html", {}, request)
    assert ("<progress-tray" in fragment) == has_tray

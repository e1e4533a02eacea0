"""Reports of imports: bad rows, remarks, and how many of them are listed."""

import json

from progress.models import State
from tests.todos.formats.helpers import CASES
from tests.todos.import_export.helpers import import_file, titles
from todos.import_export import importing


def test_bad_rows_are_reported_and_valid_ones_imported(as_alice, alice):
    rows = f"title,due_on\nBuy milk,\n,2030-01-31\n{'x' * 501},\nbell\x07,\nPay,2030-02-30\nFeed the cat,2030-01-31\n"
    upload = import_file(as_alice, rows)
    report = upload.metadata["import"]
    assert (report["added"], report["bad"]) == (2, 4)
    reasons = {row["line"]: row["reason"] for row in report["bad_rows"]}
    assert list(reasons) == [3, 4, 5, 6]
    assert "500 characters" in reasons[4]
    assert "U+0007" in reasons[5]
    assert "2030-02-30" in reasons[6]
    assert titles(alice) == ["Buy milk", "Feed the cat"]
    page = as_alice.get(f"/todos/import/{upload.pk}/").text
    assert "<strong>4</strong> skipped" in page
    assert '<td>5</td><td dir="auto">Title: Remove the control character U+0007' in page


def test_invalid_json_values_are_bad_rows(as_alice):
    rows = [{"title": {"nested": []}}, {"title": "\ud800"}, {"title": "nul\0"}, 7, {"title": "good"}]
    upload = import_file(as_alice, json.dumps(rows), "todos.json")
    assert (upload.metadata["import"]["added"], upload.metadata["import"]["bad"]) == (1, 4)


def test_bad_rows_beyond_limit_are_only_counted(as_alice, monkeypatch):
    monkeypatch.setattr(importing, "MAX_LISTED", 3)
    upload = import_file(as_alice, "title\ngood\n" + "\x07\n" * 5)
    report = upload.metadata["import"]
    assert (report["added"], report["bad"], len(report["bad_rows"])) == (1, 5, 3)
    assert "the first 3 of 5" in as_alice.get(f"/todos/import/{upload.pk}/").text


def test_remarks_name_what_was_left_out_of_valid_rows(as_alice, alice):
    rows = "title,tags,estimate\nBuy milk,home,3 h\n,home,\nFeed the cat,,\n"
    upload = import_file(as_alice, rows)
    report = upload.metadata["import"]
    assert (report["added"], report["bad"], report["remarks"]) == (2, 1, 2)
    assert report["remark_rows"] == [
        {
            "line": None,
            "reason": "These columns were left out, because Headway has no such fields: "
            "“estimate” (first used on line 2).",
        },
        {"line": 2, "reason": "Imported without: tags “home”."},
    ]
    assert [row["line"] for row in report["bad_rows"]] == [3]
    page = as_alice.get(f"/todos/import/{upload.pk}/").text
    assert "<strong>2</strong> remarks" in page
    assert "<td>2</td><td>Imported without: tags “home”.</td>" in page
    assert "<td>All</td><td>These columns" in page
    assert as_alice.get(f"/api/uploads/{upload.pk}/").json()["metadata"]["import"] == report


def test_remarks_beyond_limit_are_only_counted(as_alice, monkeypatch):
    monkeypatch.setattr(importing, "MAX_LISTED", 3)
    upload = import_file(as_alice, "title,tags\n" + "good,home\n" * 5)
    report = upload.metadata["import"]
    assert (report["added"], report["remarks"], len(report["remark_rows"])) == (5, 5, 3)
    assert "Remarks: the first 3 of 5<" in as_alice.get(f"/todos/import/{upload.pk}/").text


def test_calendar_with_only_events_adds_nothing_and_is_explained(as_alice, alice):
    upload = import_file(as_alice, (CASES / "vevent_only.ics").read_bytes(), "vevent_only.ics")
    assert (upload.job.state, upload.metadata["import"]["added"], titles(alice)) == (State.SUCCEEDED, 0, [])
    page = as_alice.get(f"/todos/import/{upload.pk}/").text
    assert "1 event was left out: only to-dos are imported." in page
    assert "This calendar has no to-dos." in page

"""Files as other programs write them: each value is read, or reported by line and reason."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from tests.todos.formats.helpers import read
from todos.formats import BadRow, Remark, Row, UnreadableFile, detect_format

CASES = Path(__file__).parent / "cases"
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def case(name: str) -> list[Row | BadRow | Remark]:
    raw = (CASES / name).read_bytes()
    format = detect_format(name, raw)
    assert format
    return read(format.name, raw)


def rows(found: list[Row | BadRow | Remark]) -> list[Row]:
    return [row for row in found if isinstance(row, Row)]


def remarks(found: list[Row | BadRow | Remark]) -> list[tuple[int, str]]:
    return [(row.line, row.text) for row in found if isinstance(row, Remark)]


class TestTickTick:
    def test_backup_is_read(self):
        created = datetime(2026, 8, 20, 10, tzinfo=UTC)
        found = case("ticktick.csv")
        assert rows(found) == [
            Row(
                "Water plants",
                "two cans",
                date(2026, 11, 6),
                created_at=datetime(2026, 9, 20, 10, tzinfo=UTC),
                line=8,
                left_out=("tags “home, garden”", "priority “5”", "parent “1”"),
            ),
            Row("Garden", created_at=datetime(2026, 9, 20, 10, tzinfo=UTC), line=9),
            Row("Old done", "", date(2026, 9, 2), datetime(2026, 9, 2, 10, tzinfo=UTC), created, line=10),
            Row("Done one", "", None, datetime(2026, 9, 3, 10, tzinfo=UTC), created, line=11),
            Row("Done without time", "", None, NOW, created, line=12),
            Row("Checklist", "▫Milk\n▪Bread", created_at=created, line=13),
            Row("Start only", created_at=created, line=15, left_out=("start “2026-12-01T08:00:00+0000”",)),
        ]
        assert remarks(found) == [
            (1, "Lines 1 to 6 are above the column names and were skipped."),
            (
                0,
                "Columns without a counterpart here were left out, first used in: “List Name” (line 8).",
            ),
        ]

    @pytest.mark.parametrize(
        ("zone", "day"), [("Europe/Berlin", 6), ("America/Los_Angeles", 5), ("Mars/Olympus", 5), ("", 5)]
    )
    def test_due_date_is_the_day_in_the_time_zone_of_its_row(self, zone, day):
        (row,) = read("csv", f"Title,Due Date,Timezone\nA,2026-11-05T23:00:00+0000,{zone}\n")
        assert row.due_on == date(2026, 11, day)

    @pytest.mark.parametrize(("status", "is_done"), [("0", False), ("1", True), ("2", True), ("-1", True)])
    def test_status_is_a_number(self, status, is_done):
        (row,) = read("csv", f"Title,Status,Completed Time,Is All Day\nA,{status},,\n")
        assert row.completed_at == (NOW if is_done else None)


OUTLOOK = """\
"Subject","Start Date","Due Date","Reminder On/Off","Reminder Date","Date Completed","% Complete",\
"Categories","Notes","Priority","Private","Sensitivity","Status"
"Write report","3/1/2026","3/13/2026","False","3/1/2026","","0","","Two pages","Normal","False","Normal","Not Started"
"Call Ada","","3/4/2026","True","3/4/2026","","0.5","Work","","High","False","Normal","In Progress"
"Pay rent","","","False","","3/2/2026","1","","","Normal","False","Normal","Completed"
"File taxes","","","False","","","1","","","Low","False","Normal","Completed"
"""


class TestOutlook:
    def test_tasks_are_read(self):
        assert read("csv", OUTLOOK) == [
            Row("Write report", "Two pages", date(2026, 3, 13), line=2, left_out=("start “3/1/2026”",)),
            Row(
                "Call Ada",
                "",
                date(2026, 3, 4),
                line=3,
                left_out=("reminder “True”", "tags “Work”", "priority “High”", "status “In Progress”"),
            ),
            Row("Pay rent", completed_at=datetime(2026, 3, 2, tzinfo=UTC), line=4),
            Row("File taxes", completed_at=NOW, line=5, left_out=("priority “Low”",)),
        ]

    def test_windows_encoding_is_refused_with_what_to_do(self):
        content = OUTLOOK.replace("Call Ada", "Call Zoë").replace("\n", "\r\n").encode("cp1252")
        with pytest.raises(UnreadableFile) as refusal:
            read("csv", content)
        assert str(refusal.value) == (
            "Line 3 is not text in UTF-8. Save the file as UTF-8 with a text editor, and import it again."
        )

    def test_german_columns_are_known(self):
        (row,) = read("csv", "Betreff;Fällig am;Notizen;Status\nMiete;3.12.2026;Mai;Erledigt\n")
        assert row == Row("Miete", "Mai", date(2026, 12, 3), NOW, line=2)


class TestStatus:
    def test_words_for_completed(self):
        assert [row.completed_at for row in case("status_done.csv")] == [NOW, None, NOW]

    @pytest.mark.parametrize("word", ["x", "X", "Yes", "TRUE", "1", "✓", "done", "COMPLETED", "Erledigt", "terminé"])
    @pytest.mark.parametrize("column", ["Status", "Completed", "Done", "Is completed"])
    def test_done(self, column, word):
        (row,) = read("csv", f"Title,{column}\nA,{word}\n")
        assert (row.completed_at, row.left_out) == (NOW, ())

    @pytest.mark.parametrize("word", ["", "No", "FALSE", "0", "open", "Not Started", "NEEDS-ACTION", "to_do", "offen"])
    @pytest.mark.parametrize("column", ["Status", "Completed", "Done"])
    def test_open(self, column, word):
        (row,) = read("csv", f"Title,{column},x\nA,{word},\n")
        assert (row.completed_at, row.left_out) == (None, ())

    def test_other_words_are_reported(self):
        waiting, cancelled = read("csv", "Title,Status\nA,Waiting\nB,Cancelled\n")
        assert (waiting.completed_at, waiting.left_out) == (None, ("status “Waiting”",))
        assert (cancelled.completed_at, cancelled.left_out) == (NOW, ("status “Cancelled”",))

    @pytest.mark.parametrize(
        ("cells", "completed_at"),
        [
            ("yes,2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
            (",2026-11-20T08:30:00Z", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
            ("yes,", NOW),
            ("no,", None),
        ],
    )
    def test_time_of_completion_is_kept_if_there_is_one(self, cells, completed_at):
        (row,) = read("csv", f"Title,Done,Completed at\nA,{cells}\n")
        assert row.completed_at == completed_at


class TestTable:
    def test_line_that_names_the_delimiter_is_skipped(self):
        assert case("sep_line.csv") == [Row("Apples", due_on=date(2026, 12, 31), line=3)]

    @pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
    def test_named_delimiter_wins(self, line):
        assert read("csv", f"{line}\nTitle;a,b,c\nA;1,2\n")[0].title == "A"

    @pytest.mark.parametrize("ends", ["\n", "\r\n"])
    @pytest.mark.parametrize("before", ["", "sep=,\n", "\n \nsep=,\n\n"])
    def test_blank_lines_of_a_quoted_cell_are_kept(self, before, ends):
        content = f'{before}Title,Notes\n\nA,"one \n\n \ntwo"\nB,\n'
        first, second = read("csv", content.replace("\n", ends))
        line = before.count("\n") + 3
        assert (first, second) == (Row("A", "one \n\n \ntwo", line=line), Row("B", line=line + 4))

    def test_blank_lines_below_lines_about_the_file_are_kept(self):
        found = read("csv", 'My list\n\nTitle;Notes\nA;"one\n\ntwo"\n')
        assert rows(found) == [Row("A", "one\n\ntwo", line=4)]
        assert remarks(found) == [(1, "Line 1 is above the column names and was skipped.")]

    def test_any_number_of_blank_lines_may_come_first(self):
        assert read("csv", "\n" * 100 + "Title;Notes\nA;one\n") == [Row("A", "one", line=102)]

    def test_lines_before_the_columns_are_reported(self):
        assert read("csv", "My list\nExported today\n\nTitle;Due\nA;2026-12-31\n") == [
            Remark(1, "Lines 1 to 2 are above the column names and were skipped."),
            Row("A", due_on=date(2026, 12, 31), line=5),
        ]

    def test_all_columns_of_notes_are_kept(self):
        (row,) = read("csv", "Title,Content,Memo,Description\nA,one,,two\n")
        assert row.notes == "one\n\ntwo"

    def test_unknown_columns_are_named_once(self):
        found = read("csv", "Title,Estimate,Colour,Empty\nA,,red,\nB,3 h,blue,\n")
        assert remarks(found) == [
            (
                0,
                "Columns without a counterpart here were left out, first used in: "
                "“Colour” (line 2), “Estimate” (line 3).",
            )
        ]

    def test_very_many_unknown_columns_are_counted(self):
        names = ",".join(f"c{n}" for n in range(100))
        (_, remark) = read("csv", f"Title,{names}\nA{',x' * 100}\n")
        assert remark.text.endswith("“c19” (line 2) and 80 more.")


class TestNumericDates:
    def test_excel_in_german(self):
        assert case("excel_de_utf8.csv") == [Row("Äpfel kaufen", "für Mama", date(2026, 12, 31), line=2)]

    @pytest.mark.parametrize(
        ("dates", "days"),
        [
            (["31/12/2026", "1/2/2026"], [date(2026, 12, 31), date(2026, 2, 1)]),
            (["1/2/2026", "31/12/2026"], [date(2026, 2, 1), date(2026, 12, 31)]),
            (["1/2/2026", "12/31/2026"], [date(2026, 1, 2), date(2026, 12, 31)]),
            (["1-2-2026", "", "31-12-26"], [date(2026, 2, 1), None, date(2026, 12, 31)]),
            (["1.2.2026", "1.2.26"], [date(2026, 2, 1), date(2026, 2, 1)]),
            (["3/3/2026", "2026/12/31"], [date(2026, 3, 3), date(2026, 12, 31)]),
            (["12/31/2026 9:00 PM", "1/2/2026 21:00"], [date(2026, 12, 31), date(2026, 1, 2)]),
            (["20261231", "tomorrow"], [date(2026, 12, 31), date(2026, 11, 26)]),
        ],
    )
    def test_order_of_day_and_month_is_decided_once_for_a_file(self, dates, days):
        found = read("csv", "Title,Due\n" + "".join(f"A,{text}\n" for text in dates))
        assert [row.due_on for row in found] == days

    def test_order_is_decided_by_any_column_of_dates(self):
        assert read("csv", "Title,Due,Created\nA,1/2/2026,31/12/2025\n") == [
            Row("A", due_on=date(2026, 2, 1), created_at=datetime(2025, 12, 31, tzinfo=UTC), line=2)
        ]

    @pytest.mark.parametrize(("delimiter", "day", "order"), [(",", 2, "month/day"), (";", 1, "day/month")])
    def test_order_that_nothing_shows_is_reported(self, delimiter, day, order):
        row, remark = read("csv", f"Title{delimiter}Due\nA{delimiter}1/2/2026\n")
        assert row.due_on == (date(2026, 1, 2) if day == 2 else date(2026, 2, 1))
        assert remark.line == 0
        assert f"Dates like “1/2/2026” were read as {order}/year" in remark.text

    def test_date_that_contradicts_the_others_is_a_bad_row(self):
        first, second = read("csv", "Title,Due\nA,31/12/2026\nB,12/31/2026\n")
        assert first.due_on == date(2026, 12, 31)
        assert second == BadRow(3, "“12/31/2026” is not a valid date. Write it as year-month-day, like 2030-01-31.")

    def test_time_of_completion_is_read(self):
        (row,) = read("csv", "Title,Completed at\nA,12/31/2025 12:05 AM\n")
        assert row.completed_at == datetime(2025, 12, 31, 0, 5, tzinfo=UTC)


class TestCalendar:
    def test_due_is_start_and_duration(self):
        found = case("dur.ics")
        assert [(row.uid, row.due_on) for row in rows(found)] == [
            ("d1", date(2026, 12, 12)),
            ("d2", date(2026, 12, 10)),
            ("d3", date(2026, 12, 17)),
            ("d4", None),
        ]
        assert rows(found)[3].left_out == ("start “20261210T090000Z”",)
        assert found[4] == BadRow(27, "“PXX” is not a valid DURATION. Write it like P2D, or PT1H.")

    def test_occurrences_never_replace_their_series(self):
        found = case("recur.ics")
        assert [(row.title, row.due_on, row.completed_at, row.left_out) for row in rows(found)] == [
            ("Bins", date(2026, 12, 1), None, ("time “09:00”", "repeat “FREQ=WEEKLY”")),
            ("Master last", date(2026, 12, 1), None, ("time “09:00”", "repeat “FREQ=WEEKLY”")),
        ]
        assert remarks(found) == [
            (10, "One occurrence of a repeating to-do was left out: “Bins”."),
            (18, "One occurrence of a repeating to-do was left out: “Bins (moved)”."),
            (24, "One occurrence of a repeating to-do was left out: “Override first”."),
        ]

    def test_odd_due_dates(self):
        found = {row.uid: row.due_on for row in rows(case("due_odd.ics"))}
        assert found["1"] is None
        assert found["2"] == date(9999, 12, 31)
        assert found["7"] == date(2027, 3, 28)
        assert {found[uid] for uid in ("3", "4", "5", "6", "8", "9", "11", "12", "13", "16")} == {date(2026, 12, 31)}
        assert [row.line for row in case("due_odd.ics") if isinstance(row, BadRow)] == [69, 74, 89]

    @pytest.mark.parametrize(("zone", "day"), [("Europe/Berlin", 31), ("America/Los_Angeles", 30), ("UTC", 30)])
    def test_due_is_the_day_of_the_reader(self, zone, day):
        with timezone.override(zone):
            assert case("utc_due_and_newline.ics")[0].due_on == date(2026, 12, day)

    @pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles"])
    def test_zero_time_of_go_is_no_time(self, zone):
        times = "".join(f"{name}:00010101T000000Z\n" for name in ("DUE", "DTSTART", "COMPLETED", "CREATED"))
        with timezone.override(zone):
            found = read("ics", f"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:A\n{times}END:VTODO\nEND:VCALENDAR\n")
        assert found == [Row("A", line=2)]

    def test_first_day_of_the_calendar_is_a_due_date(self):
        content = "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:A\nDUE;VALUE=DATE:00010101\nEND:VTODO\nEND:VCALENDAR\n"
        assert read("ics", content) == [Row("A", due_on=date(1, 1, 1), line=2)]

    def test_time_of_completion_is_in_the_zone_that_it_names(self):
        times = "COMPLETED;TZID=Europe/Berlin:20261120T010000\nCREATED;TZID=Unknown/Zone:20261119T010000\n"
        (row,) = read("ics", f"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:A\n{times}END:VTODO\nEND:VCALENDAR\n")
        assert row.completed_at == datetime(2026, 11, 20, tzinfo=UTC)
        assert row.created_at == datetime(2026, 11, 19, 1, tzinfo=UTC)

    def test_events_and_journal_entries_are_counted(self):
        parts = ["VEVENT", "VJOURNAL", "VTIMEZONE", "VEVENT", "VTODO"]
        body = "".join(f"BEGIN:{part}\nSUMMARY:A\nEND:{part}\n" for part in parts)
        assert remarks(read("ics", f"BEGIN:VCALENDAR\n{body}END:VCALENDAR\n")) == [
            (0, "2 events were left out: only to-dos are imported."),
            (0, "1 journal entry was left out: only to-dos are imported."),
        ]

    def test_calendar_of_events_alone_has_no_to_dos(self):
        assert remarks(case("vevent_only.ics")) == [
            (0, "1 event was left out: only to-dos are imported."),
            (0, "There are no to-dos in this calendar. Export the list of tasks, which is often another one."),
        ]

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("PRIORITY:5", ("priority “5”",)),
            ("PRIORITY:0", ()),
            ("CATEGORIES:home\nCATEGORIES:garden\\, front", ("tags “home, garden, front”",)),
            ("CATEGORIES:", ()),
            ("RDATE:20261201T090000Z", ("repeat “20261201T090000Z”",)),
            ("RELATED-TO;RELTYPE=SIBLING:7", ("related to-do",)),
            ("ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJD", ("attachment",)),
            ("LOCATION:Home", ("place “Home”",)),
            ("URL:https://example.com/", ("link “https://example.com/”",)),
            ("DURATION:PT1H", ("duration “PT1H”",)),
            ("DTSTART:rubbish", ("start “rubbish”",)),
            ("DUE:20261203T093000\nDTSTART;VALUE=DATE:20261203", ("time “09:30”",)),
            ("DUE:20261203T093000\nDTSTART:20261203T093000", ("time “09:30”",)),
            ("DUE:20261203T093000\nDTSTART:20261203T090000", ("time “09:30”", "start “20261203T090000”")),
            ("DTSTART:20261203T090000\nDURATION:PT1H", ("time “10:00”", "start “20261203T090000”")),
            ("DTSTART;VALUE=DATE:20261203\nDURATION:P1W", ("start “20261203”",)),
            ("STATUS:WAITING", ("status “WAITING”",)),
            ("X-APPLE-SORT-ORDER:7\nSEQUENCE:1\nCLASS:PRIVATE", ()),
        ],
    )
    def test_what_has_no_field_is_named(self, line, told):
        (row,) = read("ics", f"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:A\n{line}\nEND:VTODO\nEND:VCALENDAR\n")
        assert (row.title, row.left_out) == ("A", told)


class TestTimeOfDay:
    """A due date has no time of day here, so that of a file is reported."""

    @pytest.mark.parametrize(
        ("due", "day", "told"),
        [
            ("DUE:20261203T093000", 3, ("time “09:30”",)),
            ("DUE:20261203T233000Z", 4, ("time “00:30”",)),
            ("DUE:20261203T230000Z", 4, ()),
            ("DUE;TZID=America/New_York:20261203T230000", 3, ("time “23:00”",)),
            ("DUE;TZID=America/New_York:20261203T000000", 3, ()),
            ("DUE:20261203T000000", 3, ()),
            ("DUE;VALUE=DATE:20261203", 3, ()),
        ],
    )
    def test_calendar(self, due, day, told):
        with timezone.override("Europe/Berlin"):
            (row,) = read("ics", f"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:A\n{due}\nEND:VTODO\nEND:VCALENDAR\n")
        assert (row.due_on, row.left_out) == (date(2026, 12, day), told)

    @pytest.mark.parametrize(
        ("due", "day", "told"),
        [
            ("2026-12-03T09:30:00", 3, ("time “09:30”",)),
            ("2026-12-03T09:30:00-08:00", 3, ("time “09:30”",)),
            ("2026-12-03T23:30:00Z", 4, ("time “00:30”",)),
            ("2026-12-03T23:00:00.000Z", 4, ()),
            ("2026-12-03T00:00:00+05:00", 3, ()),
            ("2026-12-03", 3, ()),
        ],
    )
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("json", '[{{"title": "A", "due_on": "{}"}}]'),
            ("json", '[{{"title": "A", "done": false, "due_date": "{}"}}]'),
            ("csv", "Title,Due\nA,{}\n"),
            ("csv", "TYPE,CONTENT,DATE\ntask,A,{}\n"),
            ("txt", "A due:{}\n"),
        ],
    )
    def test_other_formats(self, name, content, due, day, told):
        with timezone.override("Europe/Berlin"):
            (row,) = read(name, content.format(due))
        assert (row.due_on, row.left_out) == (date(2026, 12, day), told)

    @pytest.mark.parametrize(
        ("due", "told"),
        [
            ("3.12.2026 09:30", ("time “09:30”",)),
            ("12/3/2026 9:30 PM", ("time “21:30”",)),
            ("12/3/2026 12:00 AM", ()),
            ("3 dec 2026 at 9", ("time “9”",)),
            ("3 dec 2026 9:30 am", ("time “9:30 am”",)),
            ("3 dec 2026 00:00", ()),
        ],
    )
    def test_numeric_dates_and_words(self, due, told):
        (row,) = read("csv", f"Title,Due\nA,{due}\nB,12/31/2026\n")[:1]
        assert (row.due_on, row.left_out) == (date(2026, 12, 3), told)

    @pytest.mark.parametrize(("time", "told"), [("09:30", ("time “09:30”",)), ("00:00", ()), ("", ())])
    def test_column_of_its_own(self, time, told):
        (row,) = read("csv", f"Title,Due Date,Due Time\nA,2026-12-03,{time}\n")
        assert (row.due_on, row.left_out) == (date(2026, 12, 3), told)

    @pytest.mark.parametrize(("all_day", "told"), [("false", ("time “09:30”",)), ("", ("time “09:30”",)), ("true", ())])
    def test_ticktick_writes_one_for_all_day_too(self, all_day, told):
        content = "Title,Due Date,Timezone,Is All Day,Status,Completed Time\nA,{},{},{},0,\n"
        (row,) = read("csv", content.format("2026-12-03T08:30:00+0000", "Europe/Berlin", all_day))
        assert (row.due_on, row.left_out) == (date(2026, 12, 3), told)

    @pytest.mark.parametrize(
        ("times", "told"),
        [
            ('"due": "2026-12-03T00:00:00.000Z"', ()),
            ('"due": "2026-12-03", "scheduled_time": [{"current": true, "start": "2026-12-03T00:00:00Z"}]', ()),
            ('"scheduled_time": [{"current": true, "start": "2026-12-03T00:00:00Z"}]', ()),
            (
                '"due": "2026-12-03", "scheduled_time": [{"current": true, "start": "2026-12-03T08:30:00Z"}]',
                ("time “09:30”",),
            ),
        ],
    )
    def test_google_tasks_has_it_in_the_scheduled_time_alone(self, times, told):
        with timezone.override("Europe/Berlin"):
            (row,) = read("json", f'[{{"title": "A", "status": "needsAction", {times}}}]')
        assert (row.due_on, row.left_out) == (date(2026, 12, 3), told)


class TestVCalendar1:
    def test_quoted_printable_is_decoded(self):
        kaese, plain = case("vcal1.ics")
        assert (kaese.title, kaese.notes) == ("Käse kaufen", "Zeile eins\r\nZeile zwei")
        assert (kaese.due_on, kaese.completed_at, kaese.left_out) == (date(2026, 12, 31), None, ("time “09:00”",))
        assert (plain.title, plain.completed_at) == ("Plain", datetime(2026, 1, 1, tzinfo=UTC))

    @pytest.mark.parametrize(
        ("line", "title"),
        [
            ("SUMMARY;QUOTED-PRINTABLE:K=C3=A4se", "Käse"),
            ("SUMMARY;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:K=E4se", "Käse"),
            ("SUMMARY;ENCODING=QUOTED-PRINTABLE:one=\n=20two=\nthree", "one twothree"),
            ("SUMMARY;ENCODING=QUOTED-PRINTABLE:ends=\n=\n", "ends"),
            ("SUMMARY:1=C3=A4 is no code=", "1=C3=A4 is no code="),
        ],
    )
    def test_texts(self, line, title):
        (row,) = read("ics", f"BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VTODO\n{line}\nEND:VTODO\nEND:VCALENDAR\n")
        assert row.title == title

    @pytest.mark.parametrize("charset", ["punycode", "unicode_escape", "utf-7", "x"])
    def test_charset_is_none_that_a_file_may_choose(self, charset):
        line = f"SUMMARY;CHARSET={charset};ENCODING=QUOTED-PRINTABLE:K=E4se"
        (row,) = read("ics", f"BEGIN:VCALENDAR\nBEGIN:VTODO\n{line}\nEND:VTODO\nEND:VCALENDAR\n")
        assert isinstance(row, BadRow)


class TestVikunja:
    def test_export_is_read(self):
        created = datetime(2026, 1, 1, tzinfo=UTC)
        assert case("data.json") == [
            Row(
                "Water plants",
                "two cans",
                date(2026, 12, 31),
                created_at=created,
                line=1,
                left_out=("time “22:59”", "priority “3”"),
            ),
            Row("Done", completed_at=datetime(2026, 2, 1, tzinfo=UTC), line=1),
            Remark(1, "The list “Home” was left out: its to-dos are in one list with all others."),
        ]

    def test_what_has_no_field_is_named(self):
        (row,) = read(
            "json",
            """[{"title": "A", "done": true, "done_at": "0001-01-01T00:00:00Z", "labels": [{"title": "home"}],
            "reminders": [{"reminder": "2026-01-01T00:00:00Z"}], "assignees": null, "repeat_after": 86400,
            "related_tasks": {"parenttask": [{"id": 1}]}, "start_date": "2026-01-01T00:00:00Z", "percent_done": 0.5,
            "description": "<p>One &amp; two</p><ul><li>three</li><li>four</li></ul><script>five</script>"}]""",
        )
        assert (row.notes, row.completed_at) == ("One & two\n- three\n- four", NOW)
        assert row.left_out == (
            *("tags “home”", "reminder", "parent", "repeat “86400 s”", "progress “0.5”"),
            "start “2026-01-01T00:00:00Z”",
        )

    def test_lists_of_namespaces_are_read(self):
        task = '{{"title": "{}", "done": false}}'
        found = read(
            "json",
            f"""[{{"id": 1, "title": "Private", "lists": [
            {{"title": "Home", "tasks": [{task.format("A")}, {task.format("B")}], "buckets": null}},
            {{"title": "Empty", "tasks": null}}]}},
            {{"title": "Archive", "lists": null}},
            {{"title": "Work", "lists": [{{"tasks": [{task.format("C")}], "title": "Office"}}]}}]""",
        )
        assert [row.title for row in rows(found)] == ["A", "B", "C"]
        assert [text.split("”")[0] for _, text in remarks(found)] == [
            f"The list “{title}" for title in ("Home", "Empty", "Private", "Archive", "Office", "Work")
        ]

    def test_child_projects_are_read(self):
        child = '{"title": "Garden", "tasks": [{"title": "B", "done": false}]}'
        found = read(
            "json", f'[{{"title": "Home", "tasks": [{{"title": "A", "done": false}}], "child_projects": [{child}]}}]'
        )
        assert [row.title for row in rows(found)] == ["A", "B"]

    @pytest.mark.parametrize("depth", [30, 3_000])
    def test_groups_too_deep_in_one_another_are_refused(self, depth):
        with pytest.raises(UnreadableFile, match="nested too deeply"):
            read("json", '[{"lists": ' * depth + "[]" + "}]" * depth)

    def test_long_project_is_read_piece_by_piece(self):
        task = '{"title": "A", "done": false, "description": "' + "long " * 20 + '"}'
        tasks = ",\n".join([task] * 10_000)
        found = read("json", f'[{{"title": "Home", "tasks": [\n{tasks}]}}, {{"title": "Empty", "tasks": null}}]')
        assert len(rows(found)) == 10_000
        assert [line for line, _ in remarks(found)] == [1, 10_001]

    @pytest.mark.parametrize(
        ("due", "due_on"),
        [
            ("0001-01-01T00:00:00Z", None),
            ("0001-01-01T00:53:28+00:53", None),
            ("0000-12-31T19:03:58-04:56", None),
            ("0001-01-01T09:00:00Z", date(1, 1, 1)),
        ],
    )
    def test_zero_time_of_go_is_no_due_date(self, due, due_on):
        (row,) = read("json", f'[{{"title": "A", "done": false, "due_date": "{due}"}}]')
        assert row.due_on == due_on


GOOGLE = """\
{"kind": "tasks#taskLists", "items": [{"kind": "tasks#tasks", "id": "L1", "title": "My Tasks", "items": [
{"kind": "tasks#task", "id": "T1", "title": "Buy milk", "status": "needsAction", "due": "2026-12-31T00:00:00Z",
 "notes": "two", "created": "2026-11-01T08:00:00Z", "links": []},
{"kind": "tasks#task", "id": "T2", "title": "Pay", "status": "completed", "completed": "2026-11-20T08:00:00Z",
 "parent": "T1", "scheduled_time": [{"current": true, "start": "2026-11-20T23:30:00Z"}]},
{"kind": "tasks#task", "id": "T3", "title": "Gone", "status": "needsAction", "deleted": true}
]}]}
"""


def test_google_takeout_is_read():
    with timezone.override("America/Los_Angeles"):
        found = read("json", GOOGLE)
    assert found == [
        Row("Buy milk", "two", date(2026, 12, 31), None, datetime(2026, 11, 1, 8, tzinfo=UTC), "T1", line=2),
        Row(
            "Pay",
            "",
            date(2026, 11, 20),
            datetime(2026, 11, 20, 8, tzinfo=UTC),
            uid="T2",
            line=4,
            left_out=("time “15:30”", "parent"),
        ),
        Remark(6, "A deleted task was left out."),
        Remark(1, "The list “My Tasks” was left out: its to-dos are in one list with all others."),
    ]

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { formatDueDate, groupHeading, isoDate } from "../../../todos/static/todos/dates.js";

test("a date has the form of ISO 8601 and is a day of the reader", () => {
  const now = new Date();
  assert.match(isoDate(0), /^\d{4}-\d\d-\d\d$/);
  assert.equal(Number(isoDate(0).slice(-2)), now.getDate());
  assert.equal(new Date(`${isoDate(1)}T00:00`).getTime() - new Date(`${isoDate(0)}T00:00`).getTime() > 0, true);
});

test("a due date close to today is named relative to it", () => {
  assert.equal(formatDueDate(isoDate(0)), "Today");
  assert.equal(formatDueDate(isoDate(1)), "Tomorrow");
  assert.equal(formatDueDate(isoDate(-1)), "Overdue: yesterday");
});

test("other due dates are written with the year, unless it is this year", () => {
  assert.equal(formatDueDate("2999-01-31"), "Thu, 31 Jan 2999");
  assert.equal(formatDueDate("2001-12-05"), "Overdue: 5 Dec 2001");
  const year = new Date().getFullYear();
  assert.equal(formatDueDate(`${year}-12-31`, true), "31 Dec");
  assert.equal(formatDueDate("2031-09-03"), "Wed, 3 Sep 2031");
});

test("the due date of a completed to-do is only a date", () => {
  assert.equal(formatDueDate("2001-12-05", true), "5 Dec 2001");
});

test("a list by due date has a heading for each day of the coming week, and for later months", () => {
  mock.timers.enable({ apis: ["Date"], now: new Date(2026, 10, 30, 12) });
  const headings = {
    "2025-09-20": "Overdue",
    "2026-11-29": "Overdue",
    "2026-11-30": "Today",
    "2026-12-01": "Tomorrow",
    "2026-12-02": "Wednesday, 2 Dec",
    "2026-12-07": "Monday, 7 Dec",
    "2026-12-08": "Later in December",
    "2027-01-01": "January 2027",
    "2027-12-08": "December 2027",
  };
  for (const [due, heading] of Object.entries(headings)) assert.equal(groupHeading(due), heading);
  mock.timers.setTime(new Date(2026, 2, 30, 12).getTime());
  assert.equal(groupHeading("2026-05-01"), "May");
  mock.timers.reset();
});

"""Roles, names and states of the main lists, as screen readers receive them."""

import pytest
from playwright.sync_api import expect

TODOS = """
- heading "To-dos" [level=1]
- search:
  - searchbox "Search the list"
- textbox "What needs to be done?"
- region "Your list":
  - paragraph:
    - checkbox "Mark all as complete"
  - list:
    - listitem:
      - button "Move Call the plumber"
      - 'checkbox "Done: Call the plumber" [checked=false]'
      - text: Call the plumber
      - time: "Overdue: yesterday"
      - 'button "Due date: Call the plumber"'
      - link "Edit Call the plumber"
      - button "Delete Call the plumber"
    - listitem:
      - 'checkbox "Done: Buy oat milk, bread and apples"'
      - time: Today
      - text: Has notes
    - listitem:
      - 'checkbox "Done: Find a present for Mira"'
      - paragraph:
        - link "Gift ideas.pdf"
    - listitem:
      - 'checkbox "Done: Water the plants" [checked]'
- text: items left
- list:
  - listitem:
    - link "All"
  - listitem:
    - link "Active"
- button "Clear completed"
- status
"""

TODAY = """
- heading "Today" [level=1]
- region "Your list":
  - heading "Overdue" [level=2]
  - list:
    - listitem:
      - 'checkbox "Done: Call the plumber"'
  - heading "Today" [level=2]
  - list:
    - listitem:
      - 'checkbox "Done: Buy oat milk, bread and apples"'
"""

FILES = """
- heading "Files" [level=1]
- search:
  - searchbox "Search files by name"
- button "Drop photos or other files anywhere on this page, or choose them"
- navigation "View":
  - link "Grid"
  - link "List"
- list:
  - listitem:
    - article:
      - checkbox "Select Broken.jpg"
      - heading "Broken.jpg" [level=2]
      - paragraph: This isn't a valid picture.
      - button "Delete Broken.jpg"
  - listitem:
    - article:
      - link "Lake at dawn.jpg":
        - img "Lake at dawn.jpg"
      - checkbox "Select Lake at dawn.jpg" [checked=false]
      - heading "Lake at dawn.jpg" [level=2]
      - paragraph: 420 kB
      - button "Delete Lake at dawn.jpg"
- status
"""


@pytest.mark.xdist_group("states of ada")
@pytest.mark.parametrize(
    ("path", "snapshot"),
    [
        pytest.param("/todos/", TODOS, id="to-dos"),
        pytest.param("/todos/today/", TODAY, id="today"),
        pytest.param("/uploads/", FILES, id="files"),
    ],
)
def test_page_has_roles_and_names(contexts, sqlite_site, path, snapshot):
    page = contexts("ada").new_page()
    page.goto(sqlite_site.url + path)
    expect(page.locator("main")).to_match_aria_snapshot(snapshot)
    page.close()

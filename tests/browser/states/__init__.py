"""Each state that a page can be in: its screenshots, and checks of accessibility, width, targets, focus and stability.

`accounts.py` creates users with much data or none, `checks.py` has the checks of any state, and `test_states.py` is
the table of states.
"""

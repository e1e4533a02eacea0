"""A module of tasks that can't be imported."""

raise RuntimeError("this module can't be imported")

"""A module of tasks whose import fails."""

raise RuntimeError("this module can't be imported")

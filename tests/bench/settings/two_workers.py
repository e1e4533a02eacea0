"""Headway's default settings, with two workers on every machine."""

from config.settings import *  # noqa: F403
from config.settings import Q_CLUSTER

Q_CLUSTER = {**Q_CLUSTER, "workers": 2}

PROGRESS_MAX_WATCHERS_PER_USER = 2500
"""One user opens all streams of the benchmark."""

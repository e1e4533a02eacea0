"""Django-Q2 with its own queue in the database, and otherwise as it is by itself: it keeps the last 250 results."""

from tests.bench.settings.bare import *  # noqa: F403
from tests.bench.settings.bare import Q_CLUSTER as BARE

Q_CLUSTER = {name: value for name, value in BARE.items() if name != "save_limit"}

"""Django-Q2 without Headway, with its queue in the database. It keeps the last 250 results, its default."""

from tests.bench.settings.django_q_without_results import *  # noqa: F403
from tests.bench.settings.django_q_without_results import Q_CLUSTER as CLUSTER_WITHOUT_RESULTS

Q_CLUSTER = {name: value for name, value in CLUSTER_WITHOUT_RESULTS.items() if name != "save_limit"}

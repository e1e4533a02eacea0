"""Running jobs in the processes of a Django-Q2 cluster.

Queue entries name the function `progress.worker.run`.
"""

from progress.worker.runner import run

__all__ = ["run"]

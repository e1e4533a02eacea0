"""Settings of the measured workers: Headway with different numbers of workers, and Django-Q2 without it."""

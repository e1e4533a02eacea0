"""Queues that deliver jobs to a Django-Q2 cluster: in the database, or in Redis."""

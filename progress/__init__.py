"""Progress: how far a piece of background work has come.

A Job knows its own counts and state, and nothing of what it counts. Whoever starts the work enqueues a task and
gets the Job; whoever shows the work watches the Job's URL. Django-Q2 carries the job's id to a worker; what is
true about the job is in its row, and nowhere else.

    queued → running → succeeded | failed | cancelled

    tasks.py     @task and .enqueue(): for people who write tasks
    reporter.py  the `progress` object that a task is given: stage, track, advance
    worker.py    what Django-Q2 calls: claim, run, finish
    attempt.py   every write of a running job, fenced by the number of its attempt
    recovery.py  jobs whose worker is gone
    upkeep.py    what a living cluster does now and then: report, and look for lost jobs
    broker.py    Django-Q2's queue, in order
    connections.py  giving a database connection back before a long wait
    models.py    Job and Worker; api.py, views.py, admin.py and the bar show them

This package imports Django and Django-Q2, and nothing of the project that it lives in: with templates/progress/ it
can be lifted out.
"""

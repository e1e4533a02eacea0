"""Progress: how far a piece of background work has come.

A Job knows its own counts and state, and nothing of what it counts. Whoever starts the work enqueues a task and
gets the Job; whoever shows the work watches the Job's URL. Django-Q2 carries the job's id to a worker; what is
true about the job is in its row, and nowhere else.

    queued → running → succeeded | failed | cancelled
       ↑________|          an attempt that came to nothing, while some are left
       ↑___________________________|__________|   somebody tries it again

For people who write tasks:
    tasks.py      @task and .enqueue(); cancelling and trying again
    reporter.py   the `progress` object that a task is given: stage, track, advance

A job's life, in a worker process:
    worker.py     what Django-Q2 calls: claim, run, finish
    attempt.py    every write of a running job, fenced by the claim that began the attempt
    heartbeat.py      a thread that writes the counts, and the heartbeat
    limits.py      a thread that ends a task whose job may be lost, or that takes too long
    ticker.py     what those threads are

Delivery, and what goes wrong with it, in a cluster:
    broker.py     Django-Q2's queue, in the database, or by redis_broker.py in Redis; a delivery is only a hint
    upkeep.py     every two seconds: report that the cluster lives, kill a silent worker, and do the following
    recovery.py   jobs whose worker is gone run again; jobs whose delivery is gone are delivered again
    watchdog.py   a cluster that is wedged ends itself, and its supervisor starts another
    processes.py  what the processes of a cluster know of each other
    retention.py  what is no longer needed is deleted

Watching, in a web process:
    hub.py        asks once a tick what has changed, for all who watch; other apps may give it sources of their own
    logins.py     the session of each watcher, and whether it is still valid
    job_source.py jobs, as the hub asks for them
    watching.py   what a request to watch asks for
    api.py        one job, several, cancel, retry; held back until there is news, if the client likes
    events.py     what holds for any stream of events; event-stream.js, its other end
    streams.py    one stream of events for all bars of a page: of given jobs, or of all jobs of a user
    views.py, admin.py, lookup.py, and the scripts in static/: progress-bar.js draws a job, job-watcher.js watches jobs
                  through event-stream.js, admin-live.js updates lists of the admin

models.py has Job and Worker, who report to each other by the rows; connections.py, how a database connection is given
back before a long wait; origin.py, what a log should say of where the work comes from; figures.py, what a person who
runs the site wants to know of all jobs and workers.

What holds, and by which means:
    Never forgotten   the job, what it serves, and its delivery are committed together; each is found if it gets lost
    Never twice       to claim is one UPDATE; a worker that can't say that it lives stops before others may take over
    Never in the way  a claim takes the oldest job of the owner with the fewest running jobs, whichever was delivered
    Never for ever    an attempt is counted before it begins, so a task that kills its worker is counted too
    Never a lie       a write whose claim is not the newest matches no row; 100 % is a state, not a count

This package imports Django and Django-Q2, and nothing of the project that it lives in: with templates/progress/ it
can be lifted out. The templates need the project's base.html, and _htmx.html, which loads htmx.

It wants `Q_CLUSTER = {"broker_class": "progress.queue.database.Broker", "orm": "default", …}`, with
the time limit of Django-Q2 above that of any task, `save_limit` -1 and `queue_limit` 1; a supervisor that restarts what
ends; and, where gunicorn serves, a hook that calls `hub.stop()` when a process is asked to end. It needs the settings
PROGRESS_RETENTION, a timedelta; PROGRESS_MAX_WATCHERS, the maximum number of streams and long polls of a process; and
PROGRESS_MAX_WATCHERS_PER_USER, that of one user in a process. Sessions must be stored in the database. A middleware may
call `origin.bind_request_id`, and a log formatter write down what `origin.known` tells.
"""

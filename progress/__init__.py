"""Background jobs with progress: enqueue tasks, run and recover them, and watch them live.

A task is a function. Enqueueing it creates a Job, whose id Django-Q2 delivers to a worker process. The row of the job
is the only authority on its state; this package knows nothing of the objects that its jobs work on.

    queued → running → succeeded | failed | cancelled
       ↑________|          the attempt failed, and attempts are left
       ↑___________________________|__________|   the owner tries again

Writing tasks:
    tasks.py        @task and .enqueue(); cancel and retry
    reporter.py     the `progress` argument of a task: stage, track, advance

worker/, running a job in a worker process:
    runner.py       the function that Django-Q2 calls: claim a job, run its task, write the outcome
    attempt.py      all writes to a running job, each guarded by the claim of its attempt
    heartbeat.py    the thread that writes progress and heartbeats
    limits.py       the thread that stops a task after its time limit, or when its job may be lost
    periodic.py     the base of both threads

worker/, maintenance of a cluster:
    maintenance.py  every two seconds: record the cluster's heartbeat, kill unresponsive workers, and run the next two
    recovery.py     requeues jobs of dead workers, and delivers queued jobs again whose delivery was lost
    watchdog.py     detects a wedged cluster, which then ends itself so that its supervisor restarts it
    processes.py    the processes of a cluster

queue/              brokers for Django-Q2: in the database, or in Redis; a delivery is only a hint

live/, watching jobs in a web process:
    hub.py          one thread queries for changes and notifies all watchers; other apps can add sources
    jobs.py         the sources of jobs
    sse.py          streams of server-sent events
    stream.py       the stream of jobs
    params.py       the query parameters of watching requests
    logins.py       ends streams whose user has logged out

Everything else:
    models.py       Job and Worker
    views.py, api.py, decorators.py, job_json.py, urls.py, admin.py
    listing.py      the list of a user's jobs, for the page and the API
    pagination.py   pages of lists and their cursors, for all apps
    sizes.py, times.py  text of sizes, times and durations
    statistics.py   counts and ages for monitoring
    retention.py    deletes old jobs
    log_context.py  the request, job and attempt of a log line
    connections.py  releases a database connection before a long wait
    static/         progress-bar.js, the <progress-bar> element; progress-tray.js, the panel on each page;
                    activity.js, the page of all jobs; and the modules that they import

Guarantees, and what implements them:
    no job is forgotten        the job, its object and its delivery are committed together; recovery finds lost ones
    no job runs twice at once  a claim is one guarded UPDATE; a worker without heartbeats stops before its lease expires
    owners get a fair share    a claim takes the oldest job of the owner with the fewest running jobs
    no task loops forever      an attempt is counted before it starts, so a task that kills its worker is counted too
    progress is truthful       a write of an old attempt matches no row; 100 % is a state, not a count

To use this package in another project, copy it with templates/progress/. It imports only Django and Django-Q2. The
pages extend base.html, which may include progress/_tray.html, and include _htmx.html, which loads htmx; icons are the
site's tag. Set:
    Q_CLUSTER                       with "broker_class": "progress.queue.database.Broker", "orm": "default",
                                    "save_limit": -1, "queue_limit": 1, and a timeout above that of every task
    PROGRESS_RETENTION              how long the URL of a finished job returns the job, a timedelta
    PROGRESS_MAX_WATCHERS           maximum number of streams and long polls of a process
    PROGRESS_MAX_WATCHERS_PER_USER  the same for one user in a process

Store sessions in the database. Run `manage.py qcluster` under a supervisor that restarts it. Call `hub.stop()` when a
web process is asked to stop. A middleware may call `log_context.bind_request_id`, and a log formatter may add
`log_context.fields()`.
"""

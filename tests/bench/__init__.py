"""Benchmarks, each against another program or a limit in the same run: `make bench`, `make bench ARGS=latency`.

    track.py       overhead of progress tracking, against tqdm
    latency.py     time from the commit of a new job to the start of its task, on an idle worker
    throughput.py  jobs per second, against Django-Q2
    scale.py       jobs per second with more workers and clusters, and CPU time of PostgreSQL
    streams.py     2,000 open event streams on one small server
    transfers.py   upload of 1 GiB, against @tus/server
    pictures.py    previews of photos, against a script that only scales them, and with two workers against one
    todos.py       first page of a long list, against a short one
    exchange.py    imports and exports of long lists
    live.py        time from a change of a to-do to its row on another device
    long_list.py   longest tasks of the browser's main thread in a long list

`make bench ARGS=--quick` runs each benchmark once with small sizes, to check that it works. It checks no ratio.

The site and the workers run as in production. Machines differ and are noisy, so ratios are checked, not durations.
"""

"""Benchmarks of the engine, each against a peer or a limit in the same run: `make bench`, `make bench ARGS=latency`.

    track.py       what counting costs a task, against tqdm
    latency.py     from the commit of a new job to its task, on an idle worker
    throughput.py  jobs a second, against bare Django-Q2
    scale.py       jobs a second with more workers and clusters, and what they cost PostgreSQL
    streams.py     2,000 open event streams on one small server
    pictures.py    photos, against a script that only scales them, and with two workers against one
    todos.py       the first page of a long list, against a short one
    exchange.py    imports and exports of long lists

`make bench ARGS=--quick` runs each once, with the small sizes of size.py, to see that it works. It judges no ratio.

The site and the workers run as in production. Machines differ and are noisy, so what is judged are ratios.
"""

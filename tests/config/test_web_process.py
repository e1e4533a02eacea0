"""A web process that makes room for the next one: deploy/gunicorn.conf.py."""

import os
import runpy
import socket
from contextlib import closing
from pathlib import Path

from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.ggevent import GeventWorker

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "gunicorn.conf.py"
ASKED = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def hello(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def test_a_request_that_comes_just_before_it_stops_listening_is_answered(monkeypatch):
    monkeypatch.setenv("DATABASE_POOL", "false")  # the file sets it, for the process that it configures
    configuration = Config()
    listener = socket.create_server(("127.0.0.1", 0))
    worker_class = runpy.run_path(str(CONFIGURATION))["worker_class"]
    worker = worker_class(0, os.getppid(), [listener], None, 30, configuration, Logger(configuration))
    worker.wsgi = hello

    def accept_and_stop(self):
        connection, address = listener.accept()
        listener.close()
        self.handle(listener, connection, address)

    monkeypatch.setattr(GeventWorker, "run", accept_and_stop)
    with closing(worker.tmp), closing(socket.create_connection(listener.getsockname())) as client:
        client.sendall(ASKED)
        worker.run()
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"hello")

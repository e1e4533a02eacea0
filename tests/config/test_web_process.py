"""The worker class and the hooks of deploy/gunicorn.conf.py."""

import os
import runpy
import socket
from contextlib import closing, suppress

from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.ggevent import GeventWorker

from tests.paths import ROOT

CONFIGURATION = ROOT / "deploy" / "gunicorn.conf.py"
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def hello(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def stalled(environ, start_response):
    environ["gunicorn.socket"].settimeout(0.05)
    with suppress(TimeoutError):
        environ["wsgi.input"].read(5)
    start_response("408 Request Timeout", [("Content-Length", "0")])
    return [b""]


def test_response_to_a_stalled_body_closes_the_connection(monkeypatch):
    monkeypatch.setenv("DATABASE_POOL", "false")
    module = runpy.run_path(str(CONFIGURATION))
    configuration = Config()
    configuration.set("pre_request", module["pre_request"])
    client, server = socket.socketpair()
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        worker = module["worker_class"](0, os.getppid(), [listener], None, 30, configuration, Logger(configuration))
        worker.wsgi = stalled
        monkeypatch.setattr(GeventWorker, "run", lambda self: self.handle(listener, server, ("127.0.0.1", 1)))
        with closing(worker.tmp), closing(client):
            client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab")
            worker.run()
            response = b"".join(iter(lambda: client.recv(4096), b""))
    assert b"Connection: close" in response
    assert b"Connection: keep-alive" not in response


def test_request_accepted_just_before_the_listener_closes_gets_a_response(monkeypatch):
    monkeypatch.setenv("DATABASE_POOL", "false")  # the configuration sets it
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
        client.sendall(REQUEST)
        worker.run()
        response = b"".join(iter(lambda: client.recv(4096), b""))
    assert response.startswith(b"HTTP/1.1 200 OK")
    assert response.endswith(b"hello")

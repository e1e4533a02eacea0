"""A temporary OpenStack Swift with its S3 API: four servers that keep their files in one directory.

The proxy server, which clients connect to, can have any address; the others listen on the loopback interface. The
access key is the one in Swift's documentation. Its colon must be escaped in a URL.
"""

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
from botocore.config import Config

from tests.ports import free_port

ACCESS_KEY = "test:tester"
SECRET_KEY = "test/ing"
REGION = "us-east-1"
PREFIX = "some/where"
START_SECONDS = 120
KINDS = ("account", "container", "object")

SWIFT = "[swift-hash]\nswift_hash_path_suffix = headway\n"
STORAGE_SERVER = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {directory}
devices = {directory}/devices
mount_check = false
fallocate_reserve = 0
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
conn_timeout = 30
node_timeout = 60
container_update_timeout = 60
"""
PROXY_SERVER = """
[DEFAULT]
bind_ip = {address}
bind_port = {port}
workers = 0
user = {user}
swift_dir = {directory}
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck listing_formats s3api tempauth bulk slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 30
node_timeout = 60
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
"""
BUILD_RINGS = """
import sys
from swift.common.ring import RingBuilder
directory, *rings = sys.argv[1:]
for kind, port in zip(rings[::2], rings[1::2]):
    builder = RingBuilder(part_power=1, replicas=1, min_part_hours=0)
    builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "disk", "weight": 1})
    builder.rebalance()
    builder.get_ring().save(f"{directory}/{kind}.ring.gz")
"""


class Bucket:
    """A bucket, accessed without Headway's own code."""

    def __init__(self, server: "Server", client: Any, name: str) -> None:
        self.name = name
        self._client = client
        key, secret = quote(ACCESS_KEY, safe=""), quote(SECRET_KEY, safe="")
        self.url = f"s3://{key}:{secret}@{name}/{PREFIX}?endpoint={server.endpoint}&region={REGION}"
        client.create_bucket(Bucket=name)

    def names(self) -> list[str]:
        """Return the sorted names of all objects."""
        objects = self._client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return sorted(stored["Key"] for stored in objects)

    def read(self, name: str) -> bytes:
        return self._client.get_object(Bucket=self.name, Key=name)["Body"].read()

    def head(self, name: str) -> dict[str, Any]:
        """Return the metadata of an object."""
        return self._client.head_object(Bucket=self.name, Key=name)

    def unfinished(self) -> list[dict[str, Any]]:
        """Return the multipart uploads that were neither completed nor aborted."""
        return self._client.list_multipart_uploads(Bucket=self.name).get("Uploads", [])


class Server:
    """A store with a single replica. Its objects survive `stop` and `start`."""

    def __init__(self, directory: Path, address: str = "127.0.0.1") -> None:
        self._directory = directory
        self._address = address
        self._ports = {kind: free_port() for kind in (*KINDS, "proxy")}
        self.endpoint = f"http://{address}:{self._ports['proxy']}"
        self._processes: list[subprocess.Popen] = []
        self._configure()

    def start(self) -> None:
        for kind in self._ports:
            command = [sys.executable, f"{os.path.dirname(sys.executable)}/swift-{kind}-server"]
            with (self._directory / f"{kind}.log").open("ab") as log:
                process = subprocess.Popen(
                    [*command, str(self._directory / f"{kind}.conf"), "verbose"],
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self._processes.append(process)
        deadline = time.monotonic() + START_SECONDS
        while not all(self._listens(self._ports[kind]) for kind in KINDS) or not self._is_ready():
            assert time.monotonic() < deadline, "Swift did not start. Its logs are in " + str(self._directory)
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop immediately, as in a crash."""
        while self._processes:
            process = self._processes.pop()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @contextmanager
    def bucket(self) -> Iterator["Bucket"]:
        """Create a bucket. It is not deleted at the end."""
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name=REGION,
            config=Config(s3={"addressing_style": "path"}),
        )
        with contextlib.closing(client):
            yield Bucket(self, client, f"headway-{uuid.uuid4()}")

    def _configure(self) -> None:
        (self._directory / "devices" / "disk").mkdir(parents=True)
        (self._directory / "swift.conf").write_text(SWIFT)
        for kind, port in self._ports.items():
            text = (PROXY_SERVER if kind == "proxy" else STORAGE_SERVER).format(
                kind=kind,
                port=port,
                address=self._address,
                directory=self._directory,
                user=_user(),
                secret=SECRET_KEY,
            )
            (self._directory / f"{kind}.conf").write_text(text)
        rings = [str(value) for kind in KINDS for value in (kind, self._ports[kind])]
        subprocess.run([sys.executable, "-c", BUILD_RINGS, str(self._directory), *rings], check=True)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/healthcheck", timeout=5):
                return True
        except OSError:
            return False

    @staticmethod
    def _listens(port: int) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0


def _user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


@contextmanager
def server(directory: Path, address: str = "127.0.0.1") -> Iterator[Server]:
    """Run a store until the end of the block."""
    server = Server(directory, address)
    try:
        server.start()
        yield server
    finally:
        server.stop()

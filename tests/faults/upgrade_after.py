"""Script that a test runs after an upgrade: continues where `upgrade_before.py` ended, and prints the results."""

import json
import sys

import django

django.setup()

from django.test import Client  # noqa: E402

from todos.models import Todo  # noqa: E402

TUS = {"HTTP_TUS_RESUMABLE": "1.0.0", "content_type": "application/offset+octet-stream"}

old = json.loads(sys.argv[1])
client = Client(SERVER_NAME="localhost")
client.cookies.load(old["cookies"])

offset = client.head(old["transfer"], HTTP_TUS_RESUMABLE="1.0.0")["Upload-Offset"]
patched = client.patch(old["transfer"], b"56789", HTTP_UPLOAD_OFFSET=offset, **TUS)
notes = next(upload for upload in client.get("/api/uploads/").json() if upload["name"] == "notes.txt")
Todo.objects.in_trash().restore()

print(
    json.dumps(
        {
            "user": client.get("/api/session/").json()["user"],
            "todos": [todo["title"] for todo in client.get("/api/todos/").json()],
            "upload": client.get(old["upload"]).json(),
            "offset": offset,
            "patched": patched.status_code,
            "notes": b"".join(client.get(notes["download_url"])).decode(),
        }
    )
)

"""Script that a test runs in an old release: adds to-dos, a file, an import and half a transfer. Prints their URLs."""

import io
import json

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.test import Client  # noqa: E402
from PIL import Image  # noqa: E402

TUS = {"HTTP_TUS_RESUMABLE": "1.0.0", "content_type": "application/offset+octet-stream"}

client = Client(SERVER_NAME="localhost")
client.force_login(User.objects.create_user("alice", password="correct horse battery staple"))

for title in ("First", "Second", "Third"):
    todo = client.post("/api/todos/", {"title": title}, "application/json").json()
assert client.delete(todo["url"]).status_code == 204

photo, table = io.BytesIO(), io.BytesIO(b"title\nImported\n")
Image.new("RGB", (400, 300), "red").save(photo, "JPEG")
photo.seek(0)
photo.name, table.name = "photo.jpg", "list.csv"
upload = client.post("/api/uploads/", {"file": photo})
imported = client.post("/api/todos/import/", {"file": table})

metadata = "filename bm90ZXMudHh0"  # notes.txt
transfer = client.generic("POST", "/api/tus", HTTP_UPLOAD_LENGTH="10", HTTP_UPLOAD_METADATA=metadata, **TUS)
assert client.patch(transfer["Location"], b"01234", HTTP_UPLOAD_OFFSET="0", **TUS).status_code == 204

print(
    json.dumps(
        {
            "cookies": {name: cookie.value for name, cookie in client.cookies.items()},
            "jobs": [upload.json()["job"]["id"], imported.json()["job"]["id"]],
            "upload": upload["Location"],
            "transfer": transfer["Location"],
        }
    )
)

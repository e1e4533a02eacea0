"""Users whose pages have the states: no data, usual data, long names, 10,000 to-dos, no storage left.

The users are created by one process with Django's settings of the site, which is much faster than by requests.
"""

import fcntl
import io
import json
import subprocess
from datetime import timedelta

from PIL import Image

from tests.browser.site import Site
from tests.paths import ROOT

VISITOR = ""
CREATE = "from tests.browser.states.accounts import create_accounts; create_accounts()"

LONG = "An_unbreakable_name_" * 10
RIGHT_TO_LEFT = "שלום! קנה חלב ולחם"
MANY = 10_000
FILES = ["Lake at dawn.jpg", "First light.jpg", "Map of the valley.png"]
NEVER_LOST = timedelta(days=300_000)
"""How far in the future the heartbeat of a running job is, so that it stays as it is."""


def get_accounts(site: Site) -> dict[str, dict[str, str]]:
    """Return the session key of each account, and the paths of its pages by name.

    That of visitors has the HTML of a page which no request can cause.

    The first process of a test run that needs the accounts creates them.
    """
    path = site.state_dir / "accounts.json"
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not path.stat().st_size:
            command = [".venv/bin/python", "manage.py", "shell", "--no-imports", "--command", CREATE]
            environment = site.environment | {"DEBUG": "true"}
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            file.write(done.stdout)
            file.flush()
        return json.loads(path.read_text())


def create_accounts() -> None:
    """Create the accounts, and print the result of `get_accounts` as JSON."""
    from config.http.errors import error_page  # these need Django's settings, which tests of the site don't have
    from progress import log_context
    from tests.helpers import make_login

    log_context.bind_request_id("3f1c9a27d5e04b68")
    accounts = {"new": _nothing, "ada": _usual, "long": _long_names, "one": _one, "many": _many, "full": _no_storage}
    created = {VISITOR: {"error 500": error_page(500).text}}
    for name, fill in accounts.items():
        user = _user(name)
        created[name] = {"session": make_login(user).session_key, **fill(user)}
    print(json.dumps(created))


def _user(name: str):
    from django.contrib.auth.models import User

    names = {"ada": "Ada", "long": LONG[:150]}
    user = User(username=f"states-{name}", first_name=names.get(name, ""), is_staff=name == "ada")
    user.is_superuser = user.is_staff
    user.set_unusable_password()
    user.save()
    return user


def _nothing(user) -> dict:
    return {}


def _usual(user) -> dict:
    from django.utils import timezone

    from tests.helpers import make_job, make_todo

    now, today = timezone.now(), timezone.localdate()
    titles = ["Call the plumber", "Buy oat milk, bread and apples", "Send Grace the photos", "Pay the rent", "Read"]
    for days, title in enumerate(titles, -1):
        make_todo(owner=user, title=title, due_on=today + timedelta(days=days), notes="The old contract." * (days == 0))
    first = make_todo(owner=user, title="Find a present for Mira")
    make_todo(owner=user, title="Water the plants", completed_at=now)
    make_todo(owner=user, title="Cancel the newspaper", deleted_at=now)
    photo, *_ = [_file(user, name) for name in FILES]
    first.attach(_file(user, "Gift ideas.pdf", picture=False))
    _file(user, "Old receipt.jpg", deleted_at=now)
    broken = _file(user, "Broken.jpg", picture=False)
    label = f"Processing {broken.name}"
    broken.job = make_job(
        owner=user, state="failed", label=label, error_code="invalid", error_message="This isn't a valid picture."
    )
    broken.save()
    running = {"state": "running", "percent": 64, "stage": "Adding to-dos", "unit": "rows", "current": 64, "total": 100}
    job = make_job(owner=user, label="Importing to-dos.csv", heartbeat_at=now + NEVER_LOST, **running)
    make_job(owner=user, state="cancelled", label="Exporting everything")
    done = [make_job(owner=user, state="succeeded", label=f"Processing {name}") for name in FILES]
    pages = {"todo": first, "file": photo, "broken": broken, "job": job, "done": done[0], "failed": broken.job}
    return _paths(**pages, export=_export(user)) | {"imported": _imported(user)}


def _paths(**objects) -> dict[str, str]:
    return {name: thing.get_absolute_url() for name, thing in objects.items()}


def _export(user):
    """Create an export that can be downloaded. Return its job."""
    from config.models import Export
    from tests.helpers import make_job

    result = {"url": "/accounts/settings/export/"}
    job = make_job(owner=user, state="succeeded", label="Exporting everything", result=result)
    Export.objects.create(owner=user, job=job, size=3_400_000)
    return job


def _imported(user) -> str:
    """Create a file with the report of its import. Return the path of the report."""
    from tests.helpers import make_todo

    bad_rows = [{"line": line, "reason": "Title: This field is required."} for line in (3, 17)]
    remarks = [{"line": 8, "reason": "Imported without: priority."}]
    counts = {"added": 1204, "restored": 1, "present": 12, "bad": 230, "remarks": 1}
    report = counts | {"bad_rows": bad_rows, "remark_rows": remarks}
    upload = _file(user, "To-dos of 2026.csv", picture=False, metadata={"import": report})
    make_todo(owner=user, title="Book the ferry", batch=upload.pk, deleted_before=upload.created_at)
    return f"/todos/import/{upload.pk}/"


def _long_names(user) -> dict:
    from django.utils import timezone

    from tests.helpers import make_job, make_todo

    now = timezone.now()
    for title in (LONG, RIGHT_TO_LEFT, "Words that need several lines on a phone. " * 6):
        todo = make_todo(owner=user, title=title, due_on=timezone.localdate(), notes=title)
        make_todo(owner=user, title=title, deleted_at=now)
        name = f"{title[:200]}.jpg"
        todo.attach(_file(user, name))
        _file(user, name, deleted_at=now)
        error = {"error_code": "invalid", "error_message": title * 2}
        job = make_job(owner=user, state="failed", label=f"Processing {name}", **error)
    return _paths(todo=todo, file=todo.attachments.get().upload, job=job)


def _one(user) -> dict:
    from tests.helpers import make_todo

    make_todo(owner=user)
    _file(user, FILES[0])
    return {}


def _many(user) -> dict:
    from django.utils import timezone

    from tests.helpers import make_job, make_todo
    from todos.ordering import GAP

    now = timezone.now()
    # A stream reports more than a hundred recent changes by asking the page to replace its list.
    todo = make_todo(owner=user, title="Read page 0", due_on=timezone.localdate(), updated_at=now - timedelta(hours=1))
    todo_values = {
        **{name: f"replace({name}, '0', n)" for name in ("title", "title_folded")},
        "uid": "hex(randomblob(16))",
        "order": f'"order" + n * {GAP}',
        "completed_at": "CASE WHEN n %% 3 = 0 THEN updated_at END",
        "due_on": "CASE WHEN n %% 5 = 1 THEN due_on END",
    }
    _copy(todo, MANY, **todo_values)
    random_id = "lower(hex(randomblob(16)))"
    names = {name: f"replace({name}, '0', n)" for name in ("name", "name_folded")}
    _copy(_file(user, "Page 0.txt", picture=False), MANY // 10, id=random_id, **names)
    job = make_job(owner=user, state="succeeded", label="Processing page 0", changed_at=todo.updated_at)
    _copy(job, MANY // 10, id=random_id, label="replace(label, '0', n)")
    return {}


def _copy(row, count: int, **changed: str) -> None:
    """Insert copies of a row. The values of some columns are SQL expressions of `n`, the number of the copy.

    Django would need seconds for thousands of rows.
    """
    from django.db import connection

    fields = [field for field in row._meta.concrete_fields if not field.primary_key and not field.generated]
    values = {field.column: f'"{field.column}"' for field in fields} | changed
    columns = ", ".join(f'"{column}"' for column in values)
    statement = f"""
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count - 1})
        INSERT INTO {row._meta.db_table} ({columns})
        SELECT {", ".join(values.values())} FROM {row._meta.db_table}, numbers WHERE id = %s
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [row._meta.pk.get_db_prep_value(row.pk, connection)])


def _no_storage(user) -> dict:
    from django.conf import settings

    _file(user, "Backup.zip", picture=False, size=settings.USER_QUOTA_BYTES)
    return {}


def _file(user, name: str, picture: bool = True, **values):
    """Create a file, as it is after its job. A picture has the renditions that lists show."""
    from django.core.files.base import ContentFile

    from uploads.models import Rendition, Upload

    content_type = "image/jpeg" if picture else "application/octet-stream"
    upload = Upload(owner=user, name=name, **{"size": 420_000, "content_type": content_type, **values})
    upload.file.save("original", ContentFile(b"original"), save=False)
    upload.save()
    for width in (320, 960) if picture else ():
        height = width * (3 if len(name) % 2 else 2) // 3
        content = _picture(name, width, height)
        rendition = Rendition(upload=upload, width=width, height=height, size=len(content))
        rendition.file.save(f"uploads/{upload.pk}/{width}.webp", ContentFile(content), save=True)
    return upload


def _picture(name: str, width: int, height: int) -> bytes:
    """Draw a gradient whose colours depend on the name."""
    colour = f"hsl({sum(map(ord, name)) % 360}, 40%, 55%)"
    gradient = Image.linear_gradient("L").resize((width, height))
    image = Image.composite(Image.new("RGB", gradient.size, colour), Image.new("RGB", gradient.size, "wheat"), gradient)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=50)
    return file.getvalue()

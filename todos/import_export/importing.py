"""Importing a file into a list: it is read, its rows are validated, and the valid ones are merged in one transaction.

Invalid rows are left out and reported by line and reason, and so is what was left out of valid ones. The report is kept
with the upload and written together with the to-dos. So an import that fails or is cancelled adds nothing, and one
that finds a report, as after a worker has died, has nothing left to do.
"""

import io
import re
from pathlib import Path
from typing import IO, Any

from django.db import transaction
from django.utils import timezone

from progress.reporter import Progress
from progress.tasks import TaskError
from todos.formats import FORMATS, BadRow, Format, Remark, Row, Unreadable, format_of
from todos.forms import TodoForm
from todos.import_export.merging import Counts, Preparation, Wanted, merge
from todos.limits import ListFull
from todos.models import Todo
from uploads.kinds import SNIFFED_BYTES
from uploads.locks import lock_owner
from uploads.models import Upload
from uploads.processing import fetch, temporary_directory

MOST_BYTES = 64 * 1024**2
MOST_ROWS = 100_000
MOST_TOLD = 1000
"""Bad rows that a report lists, and remarks; of more it says how many there are."""

REPORT = "import"
"""The key of the report among the metadata of an upload. It is there, and empty, once an import has failed."""

TOO_MANY = f"The file has more than {MOST_ROWS:,} rows, so nothing was imported. Split it into smaller ones."
UNKNOWN_FORMAT = f"This is no file that can be imported. Choose one of these: {', '.join(FORMATS)}."
ZIP = "This is an archive. Unpack it and import the file in it that has the to-dos, like data.json from Vikunja."

ZIP_MARK = b"PK\x03\x04"

LINE_BREAK = re.compile(r"\s*[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]\s*")

BUFFER_BYTES = 64 * 1024
CHECKSUM_WEIGHT, READING_WEIGHT, CHECKING_WEIGHT = 0.02, 0.45, 0.38
"""The shares of the job, by the time that they take for files of several formats; the rest is for writing."""


def import_upload(upload: Upload, progress: Progress) -> dict[str, Any]:
    """Do it all; the report. Raises TaskError when the file as a whole can't be imported."""
    try:
        return upload.metadata.get(REPORT) or _import(upload, progress)
    except TaskError as error:
        Upload.objects.filter(pk=upload.pk).update(metadata={REPORT: {}, "problem": error.message})
        raise


def find_format(name: str, file: IO[bytes]) -> Format | None:
    """By its name and its first bytes; the file is at its beginning, and stays there."""
    head = file.read(SNIFFED_BYTES)
    file.seek(0)
    return format_of(name, head)


def why_unknown(file: IO[bytes]) -> str:
    """Return the message for a file of no known format; the file is at its beginning, and stays there."""
    is_archive = file.read(len(ZIP_MARK)) == ZIP_MARK
    file.seek(0)
    return ZIP if is_archive else UNKNOWN_FORMAT


def _import(upload: Upload, progress: Progress) -> dict[str, Any]:
    validator = _Validator(upload)
    with temporary_directory(upload) as directory:
        rows = _read(upload, fetch(upload, directory, progress, weight=CHECKSUM_WEIGHT), progress)
    for row in progress.track(rows, stage="Checking rows", unit="rows", weight=CHECKING_WEIGHT):
        validator.take(row)
    with transaction.atomic():
        lock_owner(upload.owner)
        locked = Upload.objects.visible_to(upload.owner).select_for_update(no_key=True).filter(pk=upload.pk).first()
        if locked is None:
            raise TaskError("deleted", "The file was deleted while it was read, so nothing was imported.")
        if done := locked.metadata.get(REPORT):  # by another attempt, which was thought dead
            return done
        try:
            locked.metadata = {REPORT: validator.report(merge(upload.owner, validator.wanted, progress))}
        except ListFull as error:
            raise TaskError("list_full", str(error)) from None
        locked.save(update_fields=["metadata"])
    return locked.metadata[REPORT]  # and no word to `progress`, which may know by now that the job was cancelled


def _read(upload: Upload, path: Path, progress: Progress) -> list[Row | BadRow | Remark]:
    """Read all rows of the file at this path, whose number is only known then. Raises TaskError."""
    found: list[Row | BadRow | Remark] = []
    progress.stage("Reading the file", total=upload.size, unit="bytes", weight=READING_WEIGHT)
    with path.open("rb") as file:
        format = find_format(upload.name, file)
        if format is None:
            raise TaskError("unknown_format", UNKNOWN_FORMAT)
        try:
            for row in format.read(io.BufferedReader(_Counted(file, progress), BUFFER_BYTES)):
                found.append(row)
                if len(found) > MOST_ROWS:
                    raise TaskError("too_many_rows", TOO_MANY)
        except Unreadable as error:
            raise TaskError("unreadable", str(error)) from None
    return found


class _Counted(io.RawIOBase):
    """A file that counts what is read of it."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self._file = file
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._progress.advance(len(data))
        return len(data)


class _RowForm(TodoForm):
    """The form of one row after the other."""

    def validate(self, row: Row) -> bool:
        title = LINE_BREAK.sub(" ", row.title.strip())
        self.data = {"title": title, "notes": row.notes, "due_on": row.due_on}
        self.full_clean()
        return not self.errors

    def _post_clean(self) -> None:
        """Skip the validation of a model instance, which repeats that of the fields and takes as long as all else."""


class _Validator:
    """Sorts rows into valid and invalid ones, by the rules of pages and API, and keeps what is reported of them."""

    def __init__(self, upload: Upload) -> None:
        self._now = timezone.now()
        undo = {"batch": upload.pk, "deleted_before": self._now}  # to undo an import is to delete its to-dos
        self._preparation = Preparation(Todo(owner=upload.owner, **undo))
        self._form = _RowForm({})
        self.wanted: list[Wanted] = []
        self._bad = _Entries()
        self._remarks = _Entries()

    def take(self, row: Row | BadRow | Remark) -> None:
        if isinstance(row, Remark):
            self._remarks.add(row.line, row.text)
        elif bad := row if isinstance(row, BadRow) else self._accept(row):
            self._bad.add(bad.line, bad.reason)
        elif isinstance(row, Row) and row.left_out:
            self._remarks.add(row.line, f"Imported without: {', '.join(row.left_out)}.")

    def report(self, counts: Counts) -> dict[str, Any]:
        """Return what became of the rows, as it is shown and kept."""
        bad = {"bad": self._bad.count, "bad_rows": self._bad.listed()}
        return {**counts._asdict(), **bad, "remarks": self._remarks.count, "remark_rows": self._remarks.listed()}

    def _accept(self, row: Row) -> BadRow | None:
        """Prepare the row, or return what is wrong with it."""
        if not self._form.validate(row):
            return BadRow(row.line, _reason(self._form))
        times = {"completed_at": row.completed_at, "completed_before": row.completed_at}
        times["created_at"] = row.created_at or self._now
        self.wanted.append(self._preparation.prepare(row.uid, {**self._form.cleaned_data, **times}))
        return None


class _Entries:
    """Lines of the file with what is to be said of them, of which the first are listed and all are counted."""

    def __init__(self) -> None:
        self.count = 0
        self._rows: list[tuple[int, str]] = []

    def add(self, line: int, reason: str) -> None:
        self.count += 1
        if len(self._rows) < MOST_TOLD:
            self._rows.append((line, reason))

    def listed(self) -> list[dict[str, Any]]:
        """Return the entries by line; those with null for a line are about the whole file."""
        return [{"line": line or None, "reason": reason} for line, reason in sorted(self._rows)]


def _reason(form: TodoForm) -> str:
    """All that is wrong, in one line."""
    return " ".join(f"{form[name].label}: {text}" for name, texts in form.errors.items() for text in texts)

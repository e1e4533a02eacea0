"""Import of an uploaded file: reads the file, validates its rows, and merges the valid ones in one transaction.

Invalid rows are skipped and reported by line and reason, and so are unsupported values of valid rows. The report is
saved with the upload in the same transaction as the to-dos. An import that fails or is cancelled therefore adds
nothing, and an import that is retried after its worker died returns the existing report.
"""

import io
import re
from pathlib import Path
from typing import IO, Any

from django.db import transaction
from django.utils import timezone

from progress.reporter import Progress
from progress.tasks import TaskError
from todos.fields import EDITABLE_FIELDS, FILE_FIELDS
from todos.formats import FORMATS, BadRow, Format, Remark, Row, UnreadableFile, detect_format
from todos.forms.pages import TodoForm
from todos.import_export.merging import Counts, PreparedTodo, TodoPreparer, merge
from todos.limits import ListFull
from todos.models import Todo
from uploads.kinds import SNIFFED_BYTES
from uploads.locks import lock_owner
from uploads.models import Upload
from uploads.processing import fetch, temporary_directory

MAX_BYTES = 64 * 1024**2
MAX_ROWS = 100_000
MAX_LISTED = 1000
"""Maximum numbers of bad rows and of remarks that are listed in a report. Further ones are only counted."""

REPORT = "import"
"""The key of the report in the metadata of an upload. The report of a failed import is empty."""

TOO_MANY_ROWS = (
    f"This file has more than {MAX_ROWS:,} rows, the limit for imports, so nothing was imported. Split the file."
)
UNKNOWN_FORMAT = f"Files of this type can't be imported. Choose a file in one of these formats: {', '.join(FORMATS)}."
UNSUPPORTED_ARCHIVE = (
    "This is a ZIP archive. Unpack it and choose the file that contains the to-dos, such as data.json from Vikunja."
)

ZIP_SIGNATURE = b"PK\x03\x04"

LINE_BREAK = re.compile(r"\s*[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]\s*")

BUFFER_BYTES = 64 * 1024
CHECKSUM_WEIGHT, READING_WEIGHT, CHECKING_WEIGHT = 0.02, 0.45, 0.38
"""Shares of the stages in the progress, as measured with files of several formats. Writing has the rest."""


def import_upload(upload: Upload, progress: Progress) -> dict[str, Any]:
    """Import the file and return the report. Raise TaskError if the file as a whole can't be imported."""
    try:
        return upload.metadata.get(REPORT) or _import(upload, progress)
    except TaskError as error:
        Upload.objects.filter(pk=upload.pk).update(metadata={REPORT: {}, "problem": error.message})
        raise


def find_format(name: str, file: IO[bytes]) -> Format | None:
    """Return the format of a file by its name and first bytes. The file must be at its start, and is reset to it."""
    head = file.read(SNIFFED_BYTES)
    file.seek(0)
    return detect_format(name, head)


def unknown_format_message(file: IO[bytes]) -> str:
    """Return the message for an unsupported file. The file must be at its start, and is reset to it."""
    is_archive = file.read(len(ZIP_SIGNATURE)) == ZIP_SIGNATURE
    file.seek(0)
    return UNSUPPORTED_ARCHIVE if is_archive else UNKNOWN_FORMAT


def _import(upload: Upload, progress: Progress) -> dict[str, Any]:
    validator = _Validator(upload)
    with temporary_directory(upload.pk) as directory:
        rows = _read(upload, fetch(upload, directory, progress, weight=CHECKSUM_WEIGHT), progress)
    for row in progress.track(rows, stage="Checking rows", unit="rows", weight=CHECKING_WEIGHT):
        validator.add(row)
    with transaction.atomic():
        lock_owner(upload.owner)
        locked = Upload.objects.visible_to(upload.owner).select_for_update(no_key=True).filter(pk=upload.pk).first()
        if locked is None:
            raise TaskError("deleted", "The file was deleted while it was read, so nothing was imported.")
        if report := locked.metadata.get(REPORT):  # from an earlier attempt whose heartbeat had timed out
            return dict(report)
        try:
            report = validator.report(merge(upload.owner, validator.prepared, progress))
        except ListFull as error:
            raise TaskError("list_full", str(error)) from None
        locked.metadata = {REPORT: report}
        locked.save(update_fields=["metadata"])
    return report  # no calls to `progress` after the commit: they raise an exception if the job was cancelled


def _read(upload: Upload, path: Path, progress: Progress) -> list[Row | BadRow | Remark]:
    """Return all rows, because the next stage needs their number for its progress. Raise TaskError."""
    rows: list[Row | BadRow | Remark] = []
    progress.stage("Reading the file", total=upload.size, unit="bytes", weight=READING_WEIGHT)
    with path.open("rb") as file:
        format = find_format(upload.name, file)
        if format is None:
            raise TaskError("unknown_format", UNKNOWN_FORMAT)
        try:
            for row in format.read(io.BufferedReader(_ProgressReader(file, progress), BUFFER_BYTES)):
                rows.append(row)
                if len(rows) > MAX_ROWS:
                    raise TaskError("too_many_rows", TOO_MANY_ROWS)
        except UnreadableFile as error:
            raise TaskError("unreadable", str(error)) from None
    return rows


class _ProgressReader(io.RawIOBase):
    """A file that reports the number of bytes read as progress."""

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
    """A form that validates many rows in turn, which is faster than one form for each row."""

    def validate(self, row: Row) -> bool:
        self.data = {name: getattr(row, name) for name in EDITABLE_FIELDS}
        self.data["title"] = LINE_BREAK.sub(" ", row.title.strip())
        self.full_clean()
        return not self.errors

    def _post_clean(self) -> None:
        """Skip model validation: it repeats the validation of the fields and would double the time."""


class _Validator:
    """Validator of rows by the rules of pages and API. Collects valid rows, and entries for the report."""

    def __init__(self, upload: Upload) -> None:
        self._now = timezone.now()
        undo = {"batch": upload.pk, "deleted_before": self._now}  # undoing an import moves its to-dos to the trash
        self._preparer = TodoPreparer(Todo(owner=upload.owner, **undo))
        self._form = _RowForm({})
        self.prepared: list[PreparedTodo] = []
        self._bad = _ReportLines()
        self._remarks = _ReportLines()

    def add(self, row: Row | BadRow | Remark) -> None:
        if isinstance(row, Remark):
            self._remarks.add(row.line, row.text)
        elif bad := row if isinstance(row, BadRow) else self._accept(row):
            self._bad.add(bad.line, bad.reason)
        elif isinstance(row, Row) and row.left_out:
            self._remarks.add(row.line, f"Imported without: {', '.join(row.left_out)}.")

    def report(self, counts: Counts) -> dict[str, Any]:
        """Return the report as saved with the upload and shown on the page."""
        return {
            **counts._asdict(),
            "bad": self._bad.count,
            "bad_rows": self._bad.to_json(),
            "remarks": self._remarks.count,
            "remark_rows": self._remarks.to_json(),
        }

    def _accept(self, row: Row) -> BadRow | None:
        """Prepare a valid row for writing, or return an invalid row as a BadRow."""
        if not self._form.validate(row):
            return BadRow(row.line, _error_message(self._form))
        values = {name: getattr(row, name) for name in FILE_FIELDS if name != "uid"} | self._form.cleaned_data
        values |= {"completed_before": row.completed_at, "created_at": row.created_at or self._now}
        self.prepared.append(self._preparer.prepare(row.uid, values))
        return None


class _ReportLines:
    """Entries of a report by line. All are counted, and the first MAX_LISTED are kept."""

    def __init__(self) -> None:
        self.count = 0
        self._entries: list[tuple[int, str]] = []

    def add(self, line: int, reason: str) -> None:
        self.count += 1
        if len(self._entries) < MAX_LISTED:
            self._entries.append((line, reason))

    def to_json(self) -> list[dict[str, Any]]:
        """Return the entries in the order of lines. The line is None in entries about the whole file."""
        return [{"line": line or None, "reason": reason} for line, reason in sorted(self._entries)]


def _error_message(form: TodoForm) -> str:
    """Return all errors of the form in one line."""
    return " ".join(f"{form[name].label}: {text}" for name, errors in form.errors.items() for text in errors)

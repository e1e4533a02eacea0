"""The preview of a file, as the decoder subprocess makes it. Counts the decoder's messages as progress of the job."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from progress.reporter import Progress
from progress.tasks import TaskError
from uploads.decoding.process import decoding
from uploads.kinds import Kind

OPENING_WEIGHT = 0.2
"""The share of the job's time that opening the file takes, measured with a photo of 12 megapixels."""


@dataclass
class RenditionFile:
    """One rendition in a temporary directory. It will be stored under the same file name."""

    path: Path
    page: int
    width: int
    height: int
    size: int


@dataclass
class Preview:
    """The metadata and the renditions of a file. After an error it has what the decoder reported until then."""

    metadata: dict[str, Any] = field(default_factory=dict)
    renditions: list[RenditionFile] = field(default_factory=list)

    def make(self, kind: Kind, content_type: str, source: Path, directory: Path, progress: Progress) -> None:
        """Make renditions of `source` in `directory`. Raise TaskError with a message for the file's owner."""
        _start_opening(kind, source, progress)
        read = 0
        with decoding(content_type, source, directory) as decoder:
            for message in decoder.messages(while_waiting=lambda: progress.advance(0)):
                match message:
                    case {"read": position}:
                        progress.advance(position - read)
                        read = position
                    case {"metadata": metadata, "total": total}:
                        self.metadata = metadata
                        _start_renditions(kind, total, progress)
                    case {"made": files}:
                        self.renditions += [_rendition_file(directory, **values) for values in files]
                        progress.advance()
                    case {"error": code, "message": text}:
                        raise TaskError(code, text)


def _start_opening(kind: Kind, source: Path, progress: Progress) -> None:
    if kind.reports_bytes_read:
        progress.stage(kind.opening_stage, total=source.stat().st_size, unit="bytes", weight=OPENING_WEIGHT)
    else:
        progress.stage(kind.opening_stage, total=1, weight=OPENING_WEIGHT)


def _start_renditions(kind: Kind, total: int, progress: Progress) -> None:
    if not kind.reports_bytes_read:
        progress.advance()
    progress.stage(kind.rendition_stage, total=total, unit=kind.unit)


def _rendition_file(directory: Path, file: str, page: int, width: int, height: int) -> RenditionFile:
    path = directory / Path(file).name
    return RenditionFile(path, page, width, height, path.stat().st_size)

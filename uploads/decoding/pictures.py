"""Pictures of a file, made by the decoder's process: what it reports is counted, and what it makes collected."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from progress.reporter import Progress
from progress.tasks import TaskError
from uploads.decoding.process import decoding
from uploads.decoding.protocol import PDF

OPENING_WEIGHT = 0.2
"""The share of a picture's job that decoding it is, by the time it takes for a photo of 12 megapixels."""


@dataclass
class Made:
    """One rendition, still a file in a temporary directory, whose name is that of its upload's file too."""

    path: Path
    page: int
    width: int
    height: int
    size: int


@dataclass
class Pictures:
    """What is known of a file, and the renditions that were made of it."""

    metadata: dict[str, Any] = field(default_factory=dict)
    renditions: list[Made] = field(default_factory=list)

    def make(self, content_type: str, source: Path, directory: Path, progress: Progress) -> None:
        """Make renditions of `source` as files in `directory`, counting each.

        Raises TaskError, with words for the file's owner, if that can't be done.
        """
        _begin_opening(content_type, source, progress)
        read = 0
        with decoding(content_type, source, directory) as decoder:
            for message in decoder.messages(while_waiting=lambda: progress.advance(0)):
                match message:
                    case {"read": place}:
                        progress.advance(place - read)
                        read = place
                    case {"metadata": metadata, "total": total}:
                        self.metadata = metadata
                        _begin_making(content_type, total, progress)
                    case {"made": files}:
                        self.renditions += [_made(directory, **values) for values in files]
                        progress.advance()
                    case {"error": code, "message": text}:
                        raise TaskError(code, text)


def _begin_opening(content_type: str, source: Path, progress: Progress) -> None:
    """A picture is read to its end; of a PDF nobody knows how much is needed to open it."""
    if content_type == PDF:
        progress.stage("Opening the PDF", total=1, weight=OPENING_WEIGHT)
    else:
        progress.stage("Opening the picture", total=source.stat().st_size, unit="bytes", weight=OPENING_WEIGHT)


def _begin_making(content_type: str, total: int, progress: Progress) -> None:
    if content_type == PDF:
        progress.advance()
        progress.stage("Making pictures of pages", total=total, unit="pages")
    else:
        progress.stage("Making pictures", total=total, unit="pictures")


def _made(directory: Path, file: str, page: int, width: int, height: int) -> Made:
    path = directory / Path(file).name
    return Made(path, page, width, height, path.stat().st_size)

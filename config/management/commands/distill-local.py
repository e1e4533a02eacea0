"""`manage.py distill-local [directory]`: the static site as files, ready for any web server.

django-distill writes the pages and copies the static files; here they are compressed too, so that a server need not do
that again and again, and put to their place as a whole, so that nobody is served one half of the old site and one half
of the new. Run it again when settings or templates have changed.
"""

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from whitenoise.compress import Compressor

OURS = ("index.html", "static/config/icon.svg")
"""A directory that has these was made here, and may be replaced."""


class Command(BaseCommand):
    help = "Generate the static site: landing page, guide, dashboard, error pages and static files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", nargs="?", type=Path, default=settings.DISTILL_DIR, help="default: public/")
        parser.add_argument("--quiet", action="store_true", help="say nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        place = options["directory"].resolve()
        _check(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{place.name}-", dir=place.parent) as beside:
            fresh = Path(beside, "fresh")
            _generate(fresh)
            if place.exists():
                place.rename(Path(beside, "old"))
            fresh.rename(place)
        if not options["quiet"]:
            self.stdout.write(f"The static site is in {place}.")


def _check(place: Path) -> None:
    if not (urlsplit(settings.APP_ORIGIN).hostname or "").strip("*"):
        raise CommandError(
            "The static site must know where the app is: let ALLOWED_HOSTS begin with its name, like app.example.com."
        )
    is_ours = all((place / name).is_file() for name in OURS)
    if place.exists() and not is_ours and (place.is_file() or any(place.iterdir())):
        raise CommandError(f"{place} was not made by this command. Delete it, or choose another directory.")


def _generate(directory: Path) -> None:
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("distill", "generate", quiet=True, force=True, output_directory=str(directory))
    compressor = Compressor(quiet=True)
    for page in (path for path in directory.rglob("*") if path.is_file() and directory / "static" not in path.parents):
        compressor.compress(str(page))  # the static files have been

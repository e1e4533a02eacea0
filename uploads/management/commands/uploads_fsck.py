"""manage.py uploads_fsck: compare the rows of uploads with their bytes, and repair inconsistencies."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from uploads.storage import fsck


class Command(BaseCommand):
    help = (
        "Find bytes that belong to no upload, and uploads whose bytes are missing. The exit code is 1 if there are any "
        "and --repair is not given, else 0. The bytes of unfinished uploads are checked on this machine only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="repair the inconsistencies, and print each repair")

    def handle(self, *args: Any, repair: bool, **options: Any) -> None:
        count = 0
        for finding in fsck.check():
            count += 1
            if repair:
                finding.repair()
            self.stdout.write(f"{finding.text}: {finding.remedy}" if repair else finding.text)
        if count and not repair:
            raise CommandError(f"{count} found. Run the command with --repair to repair them.")
        if not count:
            self.stdout.write("Rows and bytes agree.")

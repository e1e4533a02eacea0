"""Static files for production: styles joined, scripts minified, all compressed, with a hash in their names.

The hash lets browsers cache them forever.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.contrib.staticfiles.apps import StaticFilesConfig
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from rjsmin import jsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage

STYLES = "config/css/site.css"
"""The file that imports all others, each into a layer."""

SCRIPT = re.compile(r"(config|progress|todos|uploads)/.*\.js")
"""Scripts of Headway. Those of packages are minified already, or only the admin uses them."""

IMPORT = re.compile(r'@import url\("([^"]+)"\) layer\((\w+)\);')

Paths = dict[str, tuple[Storage, str]]
"""For each collected file, the storage that contains it and its path there."""


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise's storage, which also rewrites `import "./x.js"`: otherwise browsers would use cached old modules."""

    support_js_module_import_aggregation = True

    def post_process(self, paths: Paths, dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Save the joined styles and the minified scripts in place of the collected files, and process all files."""
        if not dry_run:
            paths = {name: self._with_less_to_load(paths, name) for name in paths}
        yield from super().post_process(paths, dry_run, **options)

    def _with_less_to_load(self, paths: Paths, name: str) -> tuple[Storage, str]:
        if name == STYLES:
            text = join_imports(partial(_read, paths))
        elif SCRIPT.fullmatch(name):
            text = jsmin(_read(paths, name))
        else:
            return paths[name]
        self.delete(name)
        self.save(name, ContentFile(text.encode()))
        return self, name


class StaticFiles(StaticFilesConfig):
    """Django's app without files that no page uses in production. Compressing them would take two thirds of the time.

    htmx extensions have imports that only a bundler can resolve, too.
    """

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        *("django_htmx/ext/*", "django_htmx/ht*-4*", "django_htmx/htmx-2.js"),
        *("jquery.js", "select2.full.js", "xregexp.js"),  # the admin uses their minified versions
    ]


def join_imports(read: Callable[[str], str]) -> str:
    """Return the text of the styles, with the files that they import in place of the imports."""

    def imported(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(STYLES), match[1]))
        return f"@layer {match[2]} {{\n{read(path)}}}"

    return IMPORT.sub(imported, read(STYLES))


def _read(paths: Paths, name: str) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        text: str = file.read().decode()
    return text

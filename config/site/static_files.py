"""Static files for production: named by their content and precompressed, so that browsers may keep them for ever."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class FingerprintedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise's storage that also rewrites `import "./x.js"`, which would otherwise go stale after a deploy."""

    support_js_module_import_aggregation = True


class StaticFiles(StaticFilesConfig):
    """Django's own, but for files that no page of ours uses, and that import what only a bundler finds."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx/ext/*"]

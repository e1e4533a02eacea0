"""Static files for production: with a hash in their names, so that browsers can cache them forever, and compressed."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise's storage, which also rewrites `import "./x.js"`: otherwise browsers would use cached old modules."""

    support_js_module_import_aggregation = True


class StaticFiles(StaticFilesConfig):
    """Django's app without htmx extensions, which no page uses, and whose imports only a bundler can resolve."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx/ext/*"]

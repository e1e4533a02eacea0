"""Static files for production: with a hash in their names, so that browsers can cache them forever, and compressed."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise's storage, which also rewrites `import "./x.js"`: otherwise browsers would use cached old modules."""

    support_js_module_import_aggregation = True


class StaticFiles(StaticFilesConfig):
    """Django's app without files that no page uses in production. Compressing them would take two thirds of the time.

    htmx extensions have imports that only a bundler can resolve, too.
    """

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        *("django_htmx/ext/*", "django_htmx/ht*-4*", "django_htmx/htmx-2.js"),
        *("jquery.js", "select2.full.js", "xregexp.js"),  # the admin uses their minified versions
    ]

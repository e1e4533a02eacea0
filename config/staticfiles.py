"""Static files for production: named by their content and precompressed, so that browsers may keep them for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class FingerprintedFiles(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage that also rewrites `import "./x.js"`, which would otherwise go stale after a deploy."""

    support_js_module_import_aggregation = True

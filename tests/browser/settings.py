"""Settings of `make run` with a fast hash of passwords, static files that browsers cache, and joined styles.

Most tests sign up, which would take half a second. Each has a new cache, into which a page would load almost a hundred
static files, half of them styles.
"""

from config.settings import *  # noqa: F403
from config.settings import STATE_DIR
from config.site.static_files import STYLES, join_imports
from tests.paths import ROOT

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_MAX_AGE = 3600


def _read(name: str) -> str:
    return (ROOT / name.partition("/")[0] / "static" / name).read_text()


STATICFILES_DIRS = [STATE_DIR / "static of tests"]
_styles = STATICFILES_DIRS[0] / STYLES
if not _styles.exists():  # `make run` migrates first, so only one process writes
    _styles.parent.mkdir(parents=True)
    _styles.write_text(join_imports(_read))

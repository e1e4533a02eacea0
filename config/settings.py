"""Django's settings. Everything that an administrator may change is an environment variable: `config.environment`."""

from csp.constants import NONE, SELF

from config import environment as env
from config.cors.api_headers import REQUEST_HEADERS, RESPONSE_HEADERS
from config.ops import logs

BASE_DIR = env.BASE_DIR
STATE_DIR = env.STATE_DIR
DEBUG = env.DEBUG
SECRET_KEY = env.SECRET_KEY
ALLOWED_HOSTS = env.ALLOWED_HOSTS

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
INSTALLED_APPS = [
    "config",
    "todos",
    "uploads",
    "progress",
    "django_q",
    "axes",
    "corsheaders",
    "django_htmx",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.forms",  # its templates, for FORM_RENDERER
    "lucide",
    "config.site.static_files.StaticFiles",
    "django_distill",  # last, because its ready() loads the URLconf, which needs the models of the admin
]
MIDDLEWARE = [
    "config.http.request_log.RequestLogMiddleware",  # outermost, so that every response has a request id
    "uploads.receiving.tus_headers.TusResumable",  # outside of all middleware that can respond
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.http.compression.CompressPagesMiddleware",
    "config.http.middleware.CorsMiddleware",  # outside of error responses, so that they have its headers too
    "csp.middleware.CSPMiddleware",
    "config.http.errors.ErrorResponseMiddleware",
    "config.http.middleware.CharsetMiddleware",  # before the query or the body is decoded
    "config.http.middleware.SessionMiddleware",
    "config.http.middleware.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # CSRF protection reads the body, so the user and the size of the body are checked first.
    "config.http.middleware.LoginRequiredMiddleware",
    "config.accounts.time_zone.TimeZoneMiddleware",  # may be chosen by the user, whom that middleware loads
    "config.http.middleware.BodyLimitMiddleware",
    "config.http.middleware.CsrfMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.accounts.preferences.preferences",
                "config.accounts.views.signup_open",
            ],
        },
    },
    {  # for the rows of long lists: templates/**/*.jinja
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"environment": "config.site.jinja.environment"},
    },
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # templates/django/forms/ has the markup of fields

# --- Data -----------------------------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": env.DATABASE}
DATABASES["default"].setdefault("OPTIONS", {})
QUERY_TIMEOUT = 10
"""Time limit of a query in web processes, in seconds. Workers and commands have no limit."""
if DATABASES["default"]["ENGINE"] == "config.sqlite":
    DATABASES["default"]["OPTIONS"] |= {
        # Take the write lock at BEGIN: a transaction that writes after a read can't wait for it, and fails.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
    }
    if env.DATABASE_POOL:
        DATABASES["default"]["OPTIONS"]["query_timeout"] = QUERY_TIMEOUT
else:
    # Without this timeout, a lost connection is detected after a quarter of an hour, when the kernel gives up.
    DATABASES["default"]["OPTIONS"] |= {"connect_timeout": 5, "tcp_user_timeout": 10_000}
    if env.DATABASE_POOL:
        DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 16, "timeout": 10}
        options = DATABASES["default"]["OPTIONS"].get("options", "")
        DATABASES["default"]["OPTIONS"]["options"] = f"{options} -c statement_timeout={QUERY_TIMEOUT * 1000}".strip()
if not env.DATABASE_POOL:
    DATABASES["default"]["CONN_MAX_AGE"] = 600  # a worker runs one task at a time, and keeps its connection

STORAGES = {
    # File names are final, so that a job that runs twice writes the same files.
    "default": {"BACKEND": "uploads.storage.s3.Bucket", "OPTIONS": env.OBJECT_STORE.options}
    if env.OBJECT_STORE
    else {
        "BACKEND": "uploads.storage.directory.Directory",
        "OPTIONS": {"location": STATE_DIR / "media", "allow_overwrite": True},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.site.static_files.HashedStaticFilesStorage"
    },
}
STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"

# Uploads are received in the state directory, so that storing one is a rename.
FILE_UPLOAD_TEMP_DIR = STATE_DIR / "tmp"
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

MAX_UPLOAD_BYTES = env.MAX_UPLOAD_BYTES
USER_QUOTA_BYTES = env.USER_QUOTA_BYTES
MAX_TODOS = env.MAX_TODOS
MAX_TODO_CHARACTERS = env.MAX_TODO_CHARACTERS

# --- Background work ------------------------------------------------------------------------------------------

PROGRESS_RETENTION = env.PROGRESS_RETENTION
PROGRESS_MAX_WATCHERS = 2500  # streams and long polls per web process; nginx's limits are derived from it
PROGRESS_MAX_WATCHERS_PER_USER = 40
Q_CLUSTER = {
    "name": "headway",
    "label": "Queue",
    "orm": "default",
    "redis": env.QUEUE_URL,
    "broker_class": "progress.queue.redis.RedisBroker" if env.QUEUE_URL else "progress.queue.database.Broker",
    # Django-Q2 only delivers jobs. `progress` manages attempts, limits, retries and results.
    "timeout": 24 * 3600,
    "retry": 25 * 3600,  # unused; Django-Q2 requires it to be longer than the timeout
    "workers": env.WORKER_CONCURRENCY,
    "queue_limit": 1,  # jobs that wait for a free worker stay in the database
    "save_limit": -1,
}

# --- Accounts, cookies and other origins ----------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "config.accounts.login_limits.RecordingBackend",
    "config.accounts.backends.UserBackend",
    "django.contrib.auth.backends.ModelBackend",  # keeps the sessions valid that version 0.1 created
]
PASSWORD_HASHERS = ["config.accounts.hashers.ThreadedPBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SIGNUP_OPEN = env.SIGNUP_OPEN
PASSWORD_RESET_TIMEOUT = 3600  # seconds
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "todos:index"
LOGOUT_REDIRECT_URL = "landing"

AXES_HANDLER = "config.accounts.login_limits.Handler"
AXES_LOCKOUT_CALLABLE = "config.http.errors.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "config.accounts.login_limits.client_network"

CORS_ALLOWED_ORIGINS = env.FRONTEND_ORIGINS
CORS_ALLOW_CREDENTIALS = True
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [name.lower() for name in REQUEST_HEADERS]
CORS_EXPOSE_HEADERS = RESPONSE_HEADERS
CSRF_TRUSTED_ORIGINS = env.FRONTEND_ORIGINS  # under /api/ only: see `config.http.middleware.CsrfMiddleware`
CSRF_FAILURE_VIEW = "config.http.errors.csrf_failure"
CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_DOMAIN = env.COOKIE_DOMAIN
if not DEBUG:  # browsers accept a __Host- cookie from this host only, and only over https
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    if not env.COOKIE_DOMAIN:
        SESSION_COOKIE_NAME = "__Host-sessionid"

APP_ORIGIN = f"http://localhost:{env.PORT}" if DEBUG else f"https://{ALLOWED_HOSTS[0].lstrip('*.')}"
"""The origin of the API, for the generated static site."""

DISTILL_DIR = BASE_DIR / "public"
"""The default directory of `manage.py distill-local`."""

# --- Security -------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
if env.OBJECT_STORE:  # URLs of images redirect to it, and so does the form that downloads a selected file
    for directive in ("img-src", "form-action"):
        CONTENT_SECURITY_POLICY["DIRECTIVES"][directive] = [SELF, env.OBJECT_STORE.origin]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if not DEBUG:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # Django looks for its CSRF middleware by name, and this site uses a subclass
    "security.W008",  # the proxy redirects from http to https, and only the proxy can reach gunicorn
    "security.W021",  # only the owner of the domain can decide to preload HSTS
]

# --- Other ----------------------------------------------------------------------------------------------------

vars().update(env.EMAIL)  # EMAIL_BACKEND, EMAIL_HOST and so on

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

LOGGING = logs.configuration(as_json=not DEBUG)
METRICS_ALLOW = env.METRICS_ALLOW

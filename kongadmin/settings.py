"""Django settings, read from KONGADMIN_* variables. See README for the table."""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.utils.csp import CSP

from kongadmin.crypto import derive
from kongadmin.environment import (
    env,
    folder,
    label,
    labels,
    listen,
    networks,
    number,
    one_of,
    redis_url,
    refuse,
    size,
    switch,
    text,
    url,
    version,
    words,
)

BASE_DIR = Path(__file__).resolve().parent.parent

HOME = Path(env("HOME", "./var", text, "Folder of everything kept on disk.")).absolute()
PROXY_LISTEN = env("PROXY_LISTEN", "127.0.0.1:8000", listen, "The authorizer.")
ADMIN_LISTEN = env("ADMIN_LISTEN", "127.0.0.1:8001", listen, "The Admin API.")
ADMIN_GUI_LISTEN = env("ADMIN_GUI_LISTEN", "127.0.0.1:8002", listen, "The Manager.")
ADMIN_GUI_URL = env(
    "ADMIN_GUI_URL",
    "",
    url,
    "Public address of the Manager; https makes cookies secure and CORS strict.",
)
ENFORCE_RBAC = env(
    "ENFORCE_RBAC",
    "off",
    switch,
    "on: the Admin API asks for a token. off: allowed only on loopback.",
)
WORKERS = env(
    "WORKERS",
    str(min(os.cpu_count() or 1, 8)),
    number(1, 64),
    "Processes per listener (default: one per processor).",
)
MAX_BODY_SIZE = env(
    "MAX_BODY_SIZE", "8m", size, "Largest request body; k, m and g are understood."
)
MAX_DOCUMENT_SIZE = env(
    "MAX_DOCUMENT_SIZE",
    "256m",
    size,
    "Largest document to plan or apply at once; it is read from disk.",
)
TRUSTED_PROXIES = env(
    "TRUSTED_PROXIES",
    "127.0.0.0/8 ::1/128",
    networks,
    "Networks whose X-Forwarded-* and X-Original-* headers are believed.",
)
PASSWORD = env("PASSWORD", "", text, "First password of kong_admin; empty: generated.")
COMPAT_VERSION = env(
    "COMPAT_VERSION", "3.10.0.0", version, "The Kong version that clients are told."
)
PLUGIN_SCHEMAS = env(
    "PLUGIN_SCHEMAS",
    "",
    folder,
    "Folder of schemas of plugins of your own, as YAML in Kong's schema language.",
)
IS_ENTERPRISE = COMPAT_VERSION.count(".") == 3
KONG_SERVER = f"kong/{COMPAT_VERSION}" + "-enterprise-edition" * IS_ENTERPRISE
REGION = env(
    "REGION", "us", label, "The region of Konnect's APIs that this installation is."
)
REGIONS = env(
    "REGIONS",
    "",
    labels,
    "All regions served here, told apart by host; empty: KONGADMIN_REGION alone.",
) or [REGION]
if REGION not in REGIONS:
    refuse(f"KONGADMIN_REGION is {REGION}, which is not among KONGADMIN_REGIONS.")
GATEWAY_DOMAIN = env(
    "GATEWAY_DOMAIN",
    "localhost",
    text,
    "The domain of the endpoints that control planes name to gateways.",
)
REALM_CACHE_MODE = env(
    "REALM_CACHE_MODE",
    "coherent",
    one_of("coherent", "konnect"),
    "coherent: a change of a realm counts at once. konnect: after its ttl, as there.",
)
LOG_LEVEL = env(
    "LOG_LEVEL",
    "warning",
    one_of("debug", "info", "warning", "error"),
    "Least severe log line that is written.",
)
GUI = urlsplit(ADMIN_GUI_URL)
ADMIN_GUI_ORIGIN = f"{GUI.scheme}://{GUI.netloc}" if ADMIN_GUI_URL else ""
MORE_HOSTS = env(
    "ALLOWED_HOSTS",
    "",
    words,
    "More host names that the Admin API and the Manager answer to.",
)
ALLOWED_HOSTS = [
    *MORE_HOSTS,
    *["localhost", "127.0.0.1", "[::1]", ADMIN_LISTEN.host, ADMIN_GUI_LISTEN.host],
    *filter(None, [GUI.hostname]),
]

if not ENFORCE_RBAC:
    for name, address in {
        "PROXY_LISTEN": PROXY_LISTEN,
        "ADMIN_LISTEN": ADMIN_LISTEN,
        "ADMIN_GUI_LISTEN": ADMIN_GUI_LISTEN,
    }.items():
        if not address.is_loopback:
            refuse(
                f"KONGADMIN_{name} is {address}, which others can reach; "
                "set KONGADMIN_ENFORCE_RBAC=on first."
            )


def read_secret_keys(given: str) -> list[str]:
    """Return the secret keys, newest first; without any, keep one of our own in HOME.

    A key is any text of 32 characters or more.
    """
    keys = words(given)
    if not keys:
        path = HOME / "secret_keys"
        try:
            HOME.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "w") as file:
                    file.write(secrets.token_urlsafe(48) + "\n")
            keys = words(path.read_text())
        except FileExistsError:
            keys = words(path.read_text())
        except OSError as error:
            refuse(f"KONGADMIN_HOME {HOME} cannot be used: {error.strerror}.")
    if not keys or min(map(len, keys)) < 32:
        raise ValueError("must hold keys of at least 32 characters each")
    return keys


SECRET_KEYS = env(
    "SECRET_KEYS",
    "",
    read_secret_keys,
    "Keys that protect stored secrets, newest first; empty: one kept in HOME.",
)
SECRET_KEY, *SECRET_KEY_FALLBACKS = [derive(k, "django").hex() for k in SECRET_KEYS]

DEBUG = False
ROOT_URLCONF = "kongadmin.urls"
ADMIN_API_URLCONF = "kongadmin.dialects.admin_api.routes"
KONNECT_URLCONF = "kongadmin.dialects.konnect.routes"
KUBERNETES_URLCONF = "kongadmin.dialects.kubernetes.routes"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False

INSTALLED_APPS = [
    "kongadmin",
    "kongadmin.access",
    "kongadmin.plugins",
    "kongadmin.explain",
    "kongadmin.dialects.deck",
    "kongadmin.dialects.kubernetes",
    "kongadmin.dialects.tables",
    "realms",
    "consumers",
    "groups",
    "kongadmin.declarative",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "kongadmin.manager.middleware.ManagerMiddleware",
]
# The Admin API has no cookies, no pages and no static files.
ADMIN_API_MIDDLEWARE = ["kongadmin.dialects.admin_api.middleware.Conventions"]
KONNECT_MIDDLEWARE = ["kongadmin.dialects.konnect.middleware.Conventions"]
KUBERNETES_MIDDLEWARE = ["kongadmin.dialects.kubernetes.middleware.Conventions"]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kongadmin.manager.shell.shell",
            ],
            "libraries": {
                "charts": "kongadmin.manager.templatetags.charts",
                "manager": "kongadmin.manager.templatetags.manager",
            },
        },
    },
]

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # What is mapped of the file counts as the process's own memory.
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
        "PRAGMA mmap_size=33554432; PRAGMA journal_size_limit=27103364; "
        "PRAGMA cache_size=-16000;"
    ),
}
DATABASE_THREADS = 4
# Short times: while the database is away requests are answered 503, and soon after it
# is back they are not.
POOL = {
    "min_size": 1,
    # An import beside the requests takes two: one to write, one to tell how far it is.
    "max_size": DATABASE_THREADS + 3,
    "timeout": 3,
    "reconnect_timeout": 2,
}
# Planning a look-up costs the server more than running it, so it does that once for a
# connection. A pooler of transactions in between has to know prepared statements.
PREPARING = {"server_side_binding": True, "prepare_threshold": 2}


def read_database(address: str) -> dict:
    """Return Django's settings for a database address; persistent connections."""
    try:
        database = dj_database_url.parse(address or f"sqlite:///{HOME}/kongadmin.db")
    except (ValueError, dj_database_url.ParseError) as error:
        raise ValueError("is not a database address") from error
    options = database.setdefault("OPTIONS", {})
    if database["ENGINE"].endswith("sqlite3"):
        options.update(SQLITE_OPTIONS)
        return {**database, "CONN_MAX_AGE": None}
    if database["ENGINE"].endswith("postgresql"):
        database["OPTIONS"] = {"pool": POOL, **PREPARING, **options}
        # The pool asks whether a connection outlived the database. A page takes one for
        # each request; threads of the Admin API keep theirs, and pay no round trip.
        return {**database, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}
    raise ValueError("must begin with postgres:// or sqlite://")


DATABASES = {
    "default": env(
        "DATABASE_URL",
        "",
        read_database,
        "postgres://… or sqlite:///…; also read as DATABASE_URL; "
        "empty: SQLite in HOME.",
        also="DATABASE_URL",
    )
}

REDIS_URL = env(
    "REDIS_URL",
    "",
    redis_url,
    "redis://…, rediss://… or unix://…; also read as REDIS_URL; "
    "empty: rate counters are this machine's.",
    also="REDIS_URL",
)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "access:sign_in"
LOGIN_REDIRECT_URL = "manager:overview"
LOGOUT_REDIRECT_URL = "access:sign_in"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "kongadmin.styles.JoiningFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
# A start looks at each file; nothing asks for one by its own name.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STORAGES = {
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
IS_HTTPS = GUI.scheme == "https"
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "kongadmin_session", "kongadmin_csrf"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [ADMIN_GUI_ORIGIN] if ADMIN_GUI_URL else []
CSRF_FAILURE_VIEW = "kongadmin.manager.pages.csrf_failure"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_SIZE

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL.upper()},
    # Django's own logs would write paths, and a path may hold a key.
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL.upper()},
        "django.request": {"level": "CRITICAL"},
        "django.security": {"level": "CRITICAL"},
        "psycopg.pool": {"level": "ERROR"},  # each attempt; requests say it once
    },
}

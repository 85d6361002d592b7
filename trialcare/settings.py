"""Settings, read from the environment once. `TRIALCARE_ENV` is demo, test or production; production has no unsafe default."""

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_email_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env
from kombu import Exchange, Queue

from apps.core import clock, failpoints, secrets

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("TRIALCARE_VAR", str(BASE_DIR / "var")))

TRIALCARE_ENV = env.str("TRIALCARE_ENV", "demo")
if TRIALCARE_ENV not in ("demo", "test", "production"):
    raise ImproperlyConfigured("TRIALCARE_ENV is demo, test or production")
PRODUCTION = TRIALCARE_ENV == "production"
TESTING = TRIALCARE_ENV == "test"
DEBUG = False
_made_under = None if PRODUCTION else VAR_DIR

SECRET_KEY = secrets.required("SECRET_KEY", made_under=_made_under)
SECRET_KEY_FALLBACKS = [key for key in (secrets.read("SECRET_KEY_FALLBACK"),) if key]
FIELD_KEYS = secrets.required_keys("FIELD_KEYS", made_under=_made_under)
INDEX_KEY = secrets.required_keys("INDEX_KEY", made_under=_made_under)

# --- what this trial's installation is
_origin = urlsplit(env.str("PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/"))
PUBLIC_BASE_URL = _origin._replace(
    netloc=_origin.netloc.lower()
).geturl()  # as providers and browsers write it: they sign it so
_beyond_origin = bool(_origin.path or _origin.query or _origin.fragment or _origin.username)
TRIAGE_SECOND_READER = env.str("TRIAGE_SECOND_READER", "")  # a file of apps/triage/readers; "" is off
# Set to nothing it is not set: without any gateway no text arrives and none leaves.
SMS_GATEWAY = [name.strip() for name in env.str("SMS_GATEWAY", "phone").split(",") if name.strip()] or ["phone"]
TWILIO = {
    name: secrets.read(f"TWILIO_{name}") or ""
    for name in (
        "ACCOUNT_SID", "AUTH_TOKEN", "AUTH_TOKEN_NEXT", "MESSAGING_SERVICE_SID", "FROM_NUMBER", "API_KEY", "API_SECRET", "API_BASE_URL",
        "VOICE_NUMBER",
    )
}  # fmt: skip
ALIYUN_VOICE = {
    name: secrets.read(f"ALIYUN_VOICE_{name}") or ""
    for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SHOW_NUMBER", "TTS_CODE", "BYE_CODE", "CALLBACK_TOKEN", "API_BASE_URL")
}  # fmt: skip
EMAIL_URL = env.str("EMAIL_URL", "")
# A letter holds keys: a link, a code. Production prints none of them; without a mail server it fails aloud and the next channel is tried.
_NO_MAIL_SERVER = {"demo": "console://", "test": "dummy://", "production": "smtp://"}
_mail = dj_email_url.parse(EMAIL_URL or _NO_MAIL_SERVER[TRIALCARE_ENV])
HEARTBEAT_URL = env.str("HEARTBEAT_URL", "")
OPERATOR_EMAIL = env.str("OPERATOR_EMAIL", "")
TRIALCARE_CLOCK_OFFSET: timedelta = clock.parse_offset(env.str("TRIALCARE_CLOCK_OFFSET", ""))
TIME_FACTOR = env.float("TRIALCARE_TIME_FACTOR", 1.0)
FAILPOINTS = failpoints.parse(env.str("FAILPOINT", ""))
WORK_TABLE = "trialcare.heartbeat.TABLE"
WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", 4)

if PRODUCTION:
    _unsafe = {
        "TRIALCARE_CLOCK_OFFSET": bool(TRIALCARE_CLOCK_OFFSET),
        "TRIALCARE_TIME_FACTOR": TIME_FACTOR != 1.0,
        "FAILPOINT": bool(FAILPOINTS),
        "SMS_GATEWAY": "phone" in SMS_GATEWAY,
        "EMAIL_URL": not _mail["EMAIL_BACKEND"].endswith(".smtp.EmailBackend"),
        "PUBLIC_BASE_URL": _origin.scheme != "https" or not _origin.hostname or _beyond_origin,
    }
    if refused := sorted(name for name, is_unsafe in _unsafe.items() if is_unsafe):
        raise ImproperlyConfigured(f"refused in production: {', '.join(refused)}")
if FAILPOINTS and not TESTING:
    raise ImproperlyConfigured("FAILPOINT is for tests only")
if "phone" in SMS_GATEWAY and len(SMS_GATEWAY) > 1:
    raise ImproperlyConfigured("the phone simulator stands alone; it never runs beside a live gateway")

_host = PUBLIC_BASE_URL.split("://", 1)[-1].split("/", 1)[0].rsplit(":", 1)[0]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [_host] if PRODUCTION else ["*"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [PUBLIC_BASE_URL])

# --- the house, floor by floor
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # its default one would put its own site in the place of ours
    "apps.workplace.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "axes",
    "csp",
    "apps.vault",
    "apps.audit",
    "apps.trials",
    "apps.staff",
    "apps.messaging",
    "apps.participants",
    "apps.triage",
    "apps.escalation",
    "apps.blinding",
    "apps.safety",
    "apps.conversations",
    "apps.exports",
    "apps.followup",
    "apps.workplace.apps.WorkplaceConfig",
    "apps.operations",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.conversations.away.AwayMiddleware",
    "apps.audit.middleware.ActingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
APPEND_SLASH = False  # a redirected provider POST loses its form
ROOT_URLCONF = "trialcare.urls"
WSGI_APPLICATION = "trialcare.wsgi.application"
AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "apps.staff.backends.StaffBackend"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
            ]
        },
    }
]

# --- databases: the same code on both
_PROCESS = env.str("TRIALCARE_PROCESS", "worker")


def _database() -> dict[str, Any]:
    url = env.str("DATABASE_URL", "") or f"sqlite:///{VAR_DIR / 'trialcare.sqlite3'}"
    if "migrate" in sys.argv[1:2]:
        url = env.str("DATABASE_OWNER_URL", "") or url
    with_url = Env()
    os.environ.setdefault("_TRIALCARE_DATABASE", url)
    os.environ["_TRIALCARE_DATABASE"] = url
    config: dict[str, Any] = dict(with_url.dj_db_url("_TRIALCARE_DATABASE"))
    del os.environ["_TRIALCARE_DATABASE"]
    if config["ENGINE"] == "django.db.backends.sqlite3":
        Path(str(config["NAME"])).parent.mkdir(parents=True, exist_ok=True)
        # A deferred transaction that turns into a write cannot wait for another writer: it fails at once.
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 8 if _PROCESS == "web" else 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
        }
        return config
    options = "-c lock_timeout=3s" if "migrate" in sys.argv[1:2] else _statement_limits()
    config |= {"CONN_HEALTH_CHECKS": True, "CONN_MAX_AGE": 60 if _PROCESS == "web" else 0}
    config["OPTIONS"] = {"options": options, "connect_timeout": 3, **config.get("OPTIONS", {})}
    return config


def _statement_limits() -> str:
    return "-c statement_timeout=20s -c idle_in_transaction_session_timeout=30s -c lock_timeout=10s"


DATABASES = {"default": _database()}

# --- Celery: no results, no schedule, no arguments; the rows are the queue
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "memory://")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 3
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_WORKER_CONCURRENCY = WORKER_CONCURRENCY
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
QUEUE_PREFIX = env.str("QUEUE_PREFIX", "trialcare.")  # two installations on one broker must not ring each other's bells
CELERY_TASK_DEFAULT_QUEUE = f"{QUEUE_PREFIX}messages"
# Each with an exchange of its own: on a shared one every bell would ring in all three.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name)
    for name in (f"{QUEUE_PREFIX}{lane}" for lane in ("safety", "messages", "bulk"))
]
if CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "visibility_timeout": 120,
        "unacked_restore_throttle": 1,
        "socket_timeout": 3,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }
elif CELERY_BROKER_URL.startswith("amqp"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.1}

# --- mail
EMAIL_FROM = env.str("EMAIL_FROM", "trialcare@localhost")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["EMAIL_USE_TLS"], _mail["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = EMAIL_FROM

# --- languages and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "trialcare" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# --- web
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
if not PRODUCTION:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "trialcare" / "static"]
WHITENOISE_USE_FINDERS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SAMESITE = "Lax"  # a link from an e-mail must arrive signed in
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "apps.workplace.errors.too_old"
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = False  # the proxy redirects people; a provider's POST must never be redirected
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SILENCED_SYSTEM_CHECKS = ["security.W008"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- signing in: locked on the pair (login name, address), never on the name alone, so that nobody can lock an investigator out
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "apps.staff.backends.client_address"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_CALLABLE = "apps.workplace.errors.locked_out"

REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}

# --- logs: events with ids; no number, name, text or arm
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"event": {"()": "apps.core.logs.EventFormatter"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "event"}},
    "root": {"handlers": ["out"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        # These write addresses, query strings or bodies at lower levels.
        **{
            name: {"level": "WARNING"}
            for name in (
                "twilio",
                "twilio.http_client",
                "urllib3",
                "requests",
                "kombu",
                "amqp",
                "axes",
                "celery.app.trace",
            )
        },
        "celery.worker.strategy": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        # Their own handlers would write an address whole, which may be a key, and mail what went wrong with the request.
        "django": {"level": "INFO", "handlers": []},
        "django.server": {"level": "INFO", "handlers": ["out"], "propagate": False},
        "gunicorn.error": {"handlers": ["out"], "propagate": False},
        "django.db.backends": {"level": "WARNING", "handlers": [], "propagate": False},
    },
}

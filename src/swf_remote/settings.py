"""Django's settings, all derived from ``swf_remote.configuration``; nothing here reads the environment itself.

URLs carry the mount in ``swf_remote.urls``, so Django's own FORCE_SCRIPT_NAME stays unset: one spelling of every path.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from swf_remote.configuration import Configuration, configuration
from swf_remote.edge.log_lines import formatter

_CONFIGURATION = configuration()
_PACKAGE = Path(__file__).resolve().parent


def _database(found: Configuration) -> dict[str, Any]:
    if found.sqlite_file is None:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": found.db_name or "swf_remote",
            "USER": found.db_user,
            "PASSWORD": found.db_password,
            "HOST": found.db_host,
            "PORT": found.db_port,
            "OPTIONS": {"connect_timeout": 5},
        }
    found.sqlite_file.parent.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": found.sqlite_file.resolve(),
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def _origins(public_url: str) -> list[str]:
    parts = urlsplit(public_url)
    return [f"{parts.scheme}://{parts.netloc}"] if public_url else []


MOUNT = _CONFIGURATION.mount
SECRET_KEY = _CONFIGURATION.secret_key
DEBUG = _CONFIGURATION.debug
ALLOWED_HOSTS = _CONFIGURATION.hosts
CSRF_TRUSTED_ORIGINS = _origins(_CONFIGURATION.public_url)
ROOT_URLCONF = "swf_remote.urls"
ASGI_APPLICATION = "swf_remote.asgi.application"
DATABASES = {"default": _database(_CONFIGURATION)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "axes",
    "swf_remote.accounts",
    "swf_remote.alarms",
    "swf_remote.status",
    "swf_remote.web",
    "swf_remote.operations",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "axes.middleware.AxesMiddleware",
    "swf_remote.alarms.hiding.HideAddresses",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "swf_remote.web.frame.page_frame",
            ]
        },
    }
]

LOGIN_URL = f"{MOUNT}/accounts/login/"
LOGIN_REDIRECT_URL = f"{MOUNT}/"
LOGOUT_REDIRECT_URL = f"{MOUNT}/"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "swf_remote.accounts.lockout.locked_out"
AXES_CLIENT_IP_CALLABLE = "swf_remote.edge.client.address_of"
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_VERBOSE = False

_COOKIE_PATH = MOUNT
SESSION_COOKIE_NAME = "sessionid_prod"
SESSION_COOKIE_PATH = _COOKIE_PATH
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = _CONFIGURATION.secure_cookies
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_NAME = "csrftoken_prod"
CSRF_COOKIE_PATH = _COOKIE_PATH
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _CONFIGURATION.secure_cookies
CSRF_FAILURE_VIEW = "swf_remote.web.handlers.csrf_failed"

STATIC_URL = _CONFIGURATION.own_static_url
STATIC_ROOT = _PACKAGE / "static"
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": formatter, "style": _CONFIGURATION.log_format}},
    "handlers": {"stderr": {"class": "swf_remote.edge.log_output.OutputHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": _CONFIGURATION.log_level.upper()},
    "loggers": {
        "axes": {"level": "WARNING"},
        # Django's own handlers would say the same again, in another form.
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        # swf_remote.traces says once what this would say again and again.
        "opentelemetry": {"level": "CRITICAL"},
    },
}

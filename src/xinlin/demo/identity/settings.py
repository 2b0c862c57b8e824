"""Settings of the demonstration identity service: its own keys, its own database, nothing shared with the site."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PACKAGE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("XINLIN_DATA") or PACKAGE.parents[3] / "var").resolve() / "identity"
DATA.mkdir(parents=True, exist_ok=True, mode=0o700)


def _kept(name: str, fresh: str) -> str:
    """The text kept in a file that only the owner reads; made from ``fresh`` the first time."""
    path = DATA / name
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(fresh)
    return fresh


def _new_signing_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


SECRET_KEY = _kept("session.key", secrets.token_hex(32))
ISSUER_URL = os.environ.get("XINLIN_DEMO_IDENTITY_URL") or "http://127.0.0.1"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", urlsplit(ISSUER_URL).hostname or "localhost"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA / "identity.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL;"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "identity.Person"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.idp.oidc",
    "xinlin.demo.identity.apps.IdentityConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "xinlin.demo.identity.pages.content_security",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]
ROOT_URLCONF = "xinlin.demo.identity.urls"
PASSWORD_HASHERS = ["xinlin.office.vault.RandomSecretHasher"]
"""Nobody has a password here; only the one client's random secret is hashed."""
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "account_login"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "sub"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*"]
ACCOUNT_EMAIL_VERIFICATION = "none"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE.parents[1] / "locale"]
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

SESSION_COOKIE_NAME = "identity_session"
CSRF_COOKIE_NAME = "identity_csrf"
"""Cookies know no ports: on one host the site and this service must name theirs apart."""
SESSION_COOKIE_AGE = 30 * 60
CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

IDP_OIDC_ADAPTER = "xinlin.demo.identity.claims.CityClaims"
IDP_OIDC_PRIVATE_KEY = _kept("signing.pem", _new_signing_key())
IDP_OIDC_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

"""Django settings. Everything that an operator may choose comes from environment variables named ``XINLIN_…``."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from xinlin import place, shelf

PACKAGE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("XINLIN_DATA") or PACKAGE.parent.parent / "var").resolve()
"""The one folder that holds all state: database, vault, keys, snapshots."""

CITY = os.environ.get("XINLIN_CITY") or "dongtou"
"""Code of the rulebook that this installation runs."""
if CITY not in shelf.names():
    raise place.no_city(CITY, shelf.cities())

SECRET_KEY = place.secret(DATA / "keys", "session")
SEAL_KEY = place.secret(DATA / "keys", "seal")
"""Encrypts identifiers and names at rest."""
FIND_KEY = place.secret(DATA / "keys", "find")
"""Keys the hash by which an identifier is found."""

DROP = os.environ.get("XINLIN_DROP") or ""
"""Folder that is watched for deliveries: ``DROP/department/kind/file``."""

SYNTHETIC = os.environ.get("XINLIN_SYNTHETIC") == "1"
"""True in a demonstration: pages say that nobody in it is real."""

DEBUG = False
ALLOWED_HOSTS = (os.environ.get("XINLIN_HOSTS") or "127.0.0.1,localhost,[::1],testserver").split(",")
DATABASES = {"default": place.database(os.environ.get("XINLIN_DATABASE_URL") or "", DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "office.Account"
SITE_ID = 1

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.idp.oidc",
    "allauth.mfa",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "template_partials.apps.SimpleAppConfig",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "xinlin.office",
    "xinlin.faces.kit",
    "xinlin.faces.portal",
    "xinlin.faces.bench",
    "xinlin.faces.partner",
    "xinlin.faces.public",
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
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "xinlin.faces.kit.kiosk.Kiosk",
    "xinlin.faces.kit.errors.Refusals",
]

MACHINE_MIDDLEWARE = frozenset(
    {
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "xinlin.faces.kit.errors.Refusals",
    }
)
"""What of it also stands before the machine API."""

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "xinlin.faces.kit.context.words",
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
                "django.templatetags.static",
                "xinlin.faces.kit.templatetags.kit",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

ROOT_URLCONF = "xinlin.urls"
WSGI_APPLICATION = "xinlin.wsgi.application"

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

_SELF = ["'self'"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": _SELF,
        "script-src": _SELF,
        "style-src": _SELF,
        "img-src": [*_SELF, "data:"],
        "connect-src": _SELF,
        "font-src": _SELF,
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": _SELF,
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_HTTPONLY = True
if os.environ.get("XINLIN_HTTPS") == "1":
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
"""A page of fifty refused rows of a wide table, each cell with what stood there before."""
FILE_UPLOAD_HANDLERS = [
    "xinlin.faces.kit.uploads.KnownSender",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
SCAN_COMMAND = os.environ.get("XINLIN_SCAN_COMMAND") or ""
"""Scanner for malware, as a command that reads a file on standard input and ends with 0 for clean, 1 for infected (``clamdscan -``)."""
LOG_ORIGIN = os.environ.get("XINLIN_LOG_ORIGIN") or ""
"""Name of this installation's log, an address without its scheme such as ``credit.example.cn/log``; fixed at its first head."""
LOG_WITNESSES = (os.environ.get("XINLIN_LOG_WITNESSES") or "").split()
"""Witnesses that cosign the log's heads, each ``name+id+key@https://…``: its key, then the address above add-checkpoint."""
LOG_QUORUM = int(os.environ.get("XINLIN_LOG_QUORUM") or 1)
"""By how many of them a head is cosigned before it is published; without any witness it is published as it is signed."""

LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"

IDENTITY_ISSUER = (os.environ.get("XINLIN_IDENTITY_ISSUER") or "").rstrip("/")
"""Issuer URL of the city's identity service (OpenID Connect); empty: nobody can sign in."""
IDENTITY_CLIENT_ID = os.environ.get("XINLIN_IDENTITY_CLIENT_ID") or "xinlin"
IDENTITY_CLIENT_SECRET = os.environ.get("XINLIN_IDENTITY_CLIENT_SECRET") or ""
IDENTITY_ACCEPTED_ASSURANCE = (os.environ.get("XINLIN_IDENTITY_ASSURANCE") or "urn:xinlin:assurance:face").split(",")
"""The assurance levels (acr) with which a person may sign in."""
IDENTITY_MAXIMUM_AGE = int(os.environ.get("XINLIN_IDENTITY_MAXIMUM_AGE") or 15 * 60)
"""Seconds for which a verification at the identity service holds for signing in."""
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "city",
                "name": "city",
                "client_id": IDENTITY_CLIENT_ID,
                "secret": IDENTITY_CLIENT_SECRET,
                "settings": {
                    "server_url": IDENTITY_ISSUER,
                    "oauth_pkce_enabled": True,
                    "scope": ["openid", "profile", "resident_id"],
                },
            }
        ]
    }
}
SOCIALACCOUNT_ADAPTER = "xinlin.faces.kit.sign_in.NoStoredClaims"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
ACCOUNT_ADAPTER = "xinlin.faces.kit.sign_in.NoLocalAccounts"
ACCOUNT_EMAIL_VERIFICATION = "none"
PASSWORD_HASHERS = ["xinlin.office.vault.RandomSecretHasher"]
PASSKEY_DOMAIN = os.environ.get("XINLIN_PASSKEY_DOMAIN") or ""
"""Domain for which passkeys are made (WebAuthn's RP id); empty: the host of the page. Another domain knows none of them."""
PASSKEY_DAYS = int(os.environ.get("XINLIN_PASSKEY_DAYS") or 90)
"""Days after a verification by the identity service for which a passkey may stand in for the next one."""
MFA_SUPPORTED_TYPES = ["webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_ADAPTER = "xinlin.faces.kit.passkeys.CityPasskeys"
MFA_RATE_LIMITS = {"webauthn_login": "30/m/ip"}
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 15 * 60
IDP_OIDC_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
if IDENTITY_ISSUER:
    _origin = urlsplit(IDENTITY_ISSUER)
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] = [*_SELF, f"{_origin.scheme}://{_origin.netloc}"]
    """A form that leads to the identity service must be allowed to, since browsers check redirects too."""

NINJA_PAGINATION_PER_PAGE = 100

SMS_GATEWAYS = [url for url in (os.environ.get("XINLIN_SMS_GATEWAYS") or "").split() if url]
"""Addresses of text-message gateways, the preferred one first: https://…; each gets JSON message_id, to, text."""
MAIL_GATEWAYS = [url for url in (os.environ.get("XINLIN_MAIL_GATEWAYS") or "").split() if url]
"""Mail servers, the preferred one first: smtp://user:password@host:port or smtps://…."""
MAIL_FROM = os.environ.get("XINLIN_MAIL_FROM") or "xinlin@localhost"
PANEL_HOSTS = [host for host in (os.environ.get("XINLIN_PANEL_HOSTS") or "").split() if host]
"""Sites that may put the check panel into a frame of theirs, such as https://hall.example.cn; none: there is no panel."""

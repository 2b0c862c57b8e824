"""Addresses: each face under its own, machines' tokens under /identity/, people's sign-in under /accounts/."""

from __future__ import annotations

from allauth.idp.oidc.views import revoke, token
from django.urls import URLPattern, URLResolver, include, path

from xinlin.faces.bench import panel
from xinlin.faces.kit import health, passkeys, sign_in

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("xinlin.faces.api.app")),
    path("healthz", health.healthz, name="healthz"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("xinlin.faces.kit.display")),
    path("", include("xinlin.faces.kit.installed")),
    path("sign-in/", sign_in.welcome, name="sign_in"),
    path("sign-in/passkey/", sign_in.by_passkey, name="passkey_sign_in"),
    path("sign-in/passkey/options/", sign_in.passkey_options, name="passkey_sign_in_options"),
    path("sign-out/", sign_in.leave, name="sign_out"),
    path("account/security/", passkeys.security, name="account_security"),
    path("account/security/options/", passkeys.options, name="passkey_options"),
    path("account/security/<int:key>/remove/", passkeys.remove, name="passkey_remove"),
    path("accounts/login/", sign_in.welcome, name="account_login"),
    path("accounts/oidc/city/login/", sign_in.begin, name="openid_connect_login"),
    path("accounts/oidc/city/login/callback/", sign_in.come_back, name="openid_connect_callback"),
    path("identity/o/api/token", token, name="machine_token"),
    path("identity/o/api/revoke", revoke, name="machine_token_revoke"),
    path("panel/<str:token>/", panel.panel, name="panel"),
    path("bench/", include("xinlin.faces.bench.urls")),
    path("", include("xinlin.faces.partner.urls")),
    path("", include("xinlin.faces.public.urls")),
    path("", include("xinlin.faces.portal.urls")),
]

handler400 = "xinlin.faces.kit.errors.bad_request"
handler403 = "xinlin.faces.kit.errors.forbidden"
handler404 = "xinlin.faces.kit.errors.not_found"
handler500 = "xinlin.faces.kit.errors.server_error"

"""Django's share of the gateway's URLs, all below the mount; every other path belongs to the proxy."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path

OWN_APPS = ("swf_remote.accounts.urls", "swf_remote.alarms.urls", "swf_remote.status.urls")
# First one or two path segments below the mount that Django answers; all else goes to the proxy.
OWN_SECTIONS = frozenset({"account", "accounts", "alarms", "api/alarms", "healthz", "metrics", "readyz", "status"})

urlpatterns = [path(f"{settings.MOUNT.strip('/')}/", include([path("", include(urls)) for urls in OWN_APPS]))]

handler400 = "swf_remote.web.handlers.bad_request"
handler403 = "swf_remote.web.handlers.forbidden"
handler404 = "swf_remote.web.handlers.not_found"
handler500 = "swf_remote.web.handlers.server_error"

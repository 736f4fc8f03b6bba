"""Django's share of the gateway's URLs, all below the mount; every other path belongs to the proxy."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path

OWN_APPS = ("swf_remote.accounts.urls", "swf_remote.status.urls", "swf_remote.web.urls")

urlpatterns = [path(f"{settings.MOUNT.strip('/')}/", include([path("", include(urls)) for urls in OWN_APPS]))]

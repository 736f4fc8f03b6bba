"""Addresses of the alarms, below the mount. Those of today's pages stay (``events/<id>/``, ``<name>/edit/``, …)."""

from django.urls import include, path

urlpatterns = [
    path("api/alarms/", include("swf_remote.alarms.rest.urls")),
    path("alarms/", include("swf_remote.alarms.editing.urls")),
    path("alarms/", include("swf_remote.alarms.pages.urls")),
]

"""URLs of the PanDA pages, their data endpoints and REST, relative to the mount (contract 2.2, 2.6)."""

from __future__ import annotations

from django.urls import include, path

from swf_monitor.panda.views import hub, system

urlpatterns = [
    path("panda/", hub.panda_hub, name="panda_hub"),
    path("panda/system/", system.page, name="panda_system"),
    path("panda/system/status.json", system.status_json, name="panda_system_status_json"),
    path("panda/system/refresh/", system.refresh, name="panda_system_refresh"),
    path("system/", system.page, name="system_status_root"),
    path("system/status.json", system.status_json, name="system_status_json_root"),
    path("", include("swf_monitor.panda.urls_jobs")),
]

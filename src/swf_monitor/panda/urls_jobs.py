"""URLs of jobs, errors, diagnostics and the event stream, relative to the mount."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []

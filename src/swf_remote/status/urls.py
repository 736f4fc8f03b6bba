"""Addresses of this room, below the mount."""

from django.urls import path

from . import views

urlpatterns = [
    path("status/", views.status, name="status"),
    path("status/drift/", views.drift, name="drift"),
    path("status/openapi.json", views.openapi, name="openapi"),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", views.metrics, name="metrics"),
    path("readyz", views.readyz, name="readyz"),
]

"""Addresses of this room, below the mount."""

from django.urls import path

from . import views

urlpatterns = [
    path("alarms/", views.not_exposed, name="not_exposed"),
    path("alarms/<path:rest>", views.not_exposed, name="not_exposed_below"),
]

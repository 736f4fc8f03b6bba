"""Addresses of this room, below the mount."""

from django.urls import path

from . import views

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/address/", views.ChangeAddress.as_view(), name="address_change"),
    path("accounts/login/", views.LogIn.as_view(), name="login"),
    path("accounts/logout/", views.log_out, name="logout"),
    path("accounts/password_change/", views.ChangePassword.as_view(), name="password_change"),
    path("accounts/password_change/done/", views.password_changed, name="password_change_done"),
]

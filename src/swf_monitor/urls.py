"""All URLs of the monitor, relative to its mount; names as in the contract, section 2."""

from __future__ import annotations

from django.contrib.auth import views as auth_views
from django.urls import include, path

from swf_monitor.web import views as web

urlpatterns = [
    path("", web.home, name="home"),
    path("prod/", web.prod_hub, name="prod_hub"),
    path("home/", web.authenticated_home, name="authenticated_home"),
    path("about/", web.about, name="about"),
    path("alarms/", web.alarms, name="alarms_dashboard"),
    path("account/", web.account, name="account"),
    path("accounts/login/", auth_views.LoginView.as_view(template_name="web/login.html"), name="login"),
    path("accounts/logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("", include("swf_monitor.panda.urls")),
]

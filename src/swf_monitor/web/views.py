"""The general pages. None of them reads PanDA's data but the hub, whose figures come from `swf_monitor.panda.hub`."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from rest_framework.authtoken.models import Token

from swf_monitor.configuration import configuration
from swf_monitor.panda.views import reading
from swf_monitor.panda.views.hub import hub_figures


def home(request: HttpRequest) -> HttpResponse:
    """The mount itself: a script sends the reader to the hub (contract 1.3)."""
    return render(request, "web/home.html")


def authenticated_home(_request: HttpRequest) -> HttpResponse:
    """The way in after a login elsewhere."""
    return redirect("prod_hub")


def prod_hub(request: HttpRequest) -> HttpResponse:
    """The production hub (contract 4.2): where everything is, and how it goes right now."""
    return reading.page(request, "web/prod_hub.html", hub_figures, nav_mode="production")


def about(request: HttpRequest) -> HttpResponse:
    """What this monitor is, for first visitors."""
    return render(request, "web/about.html", {"external_url": configuration().external_url})


def alarms(request: HttpRequest) -> HttpResponse:
    """Says where alarms live; this monitor has none of its own."""
    return render(request, "web/alarms.html", {"external_url": configuration().external_url})


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """The signed-in user: name, rights, and whether a token exists."""
    has_token = Token.objects.filter(user=request.user.pk).exists()
    return render(request, "web/account.html", {"has_token": has_token})

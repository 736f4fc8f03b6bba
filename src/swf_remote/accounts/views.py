"""Log in, log out, the account page, the changes of password and address."""

import logging
from typing import Any, cast

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe
from django.views.generic import FormView

from swf_remote.configuration import configuration
from swf_remote.edge.origin import same_origin
from swf_remote.web.addresses import own_url
from swf_remote.web.handlers import CROSS_ORIGIN, problem_response, wrong_method

from .forms import ChangeAddressForm, ChangePasswordForm, LogInForm
from .models import Profile
from .next_page import own_page
from .readers import forget

LOG = logging.getLogger("swf_remote.accounts")


class LogIn(LoginView):
    """The log-in page; a reader who is signed in already goes straight on. Django gives the session a new key."""

    form_class = LogInForm
    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        """Where to go afterwards: `next` if it is a page of ours, else home."""
        asked = request or self.request
        return own_page(asked.POST.get("next") or asked.GET.get("next"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Adds the page that waits behind the log-in, so that the reader sees where it leads."""
        goal = self.get_redirect_url()
        return super().get_context_data(**kwargs) | {"goal": "" if goal == own_url() else goal}


class ChangePassword(PasswordChangeView):
    """The password form; other sessions of the user end, this one goes on under a new key."""

    form_class = ChangePasswordForm
    template_name = "accounts/password_change.html"

    def get_success_url(self) -> str:
        """The page that says what happened."""
        return resolve_url("password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form needs the request to count wrong passwords."""
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        """Save, and forget the old session key in this process."""
        old_key = self.request.session.session_key
        response = super().form_valid(form)
        forget(old_key or "")
        return response


@login_required
@never_cache
@require_safe
def password_changed(request: HttpRequest) -> HttpResponse:
    """Says that the password was changed."""
    return render(request, "accounts/password_change_done.html")


@method_decorator([sensitive_post_parameters("current_password"), login_required, never_cache], name="dispatch")
class ChangeAddress(FormView):  # type: ignore[type-arg]  # Django itself takes no parameter here
    """The form for another e-mail address; it asks for the password, since an address can be a way to a new one."""

    form_class = ChangeAddressForm
    template_name = "accounts/address_change.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form needs the request to know the reader and to count wrong passwords."""
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: ChangeAddressForm) -> HttpResponse:
        """Save, and tell both addresses once."""
        user = cast(User, self.request.user)
        old, user.email = user.email, form.cleaned_data["email"]
        user.save(update_fields=["email"])
        LOG.info("user %s changed the e-mail address", user.get_username())
        return render(self.request, "accounts/address_change_done.html", {"old": old, "new": user.email})


@login_required
@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """The reader's own account."""
    user = cast(User, request.user)
    profile, _ = Profile.objects.get_or_create(user=user)
    context = {"user": user, "profile": profile, "session_ends": request.session.get_expiry_date()}
    return render(request, "accounts/account.html", context)


@csrf_exempt
@never_cache
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session. Proxied pages carry this form without a token, so the request's origin is checked instead."""
    if request.method != "POST":
        return wrong_method(request, "POST")
    if not _is_from_here(request):
        return problem_response(request, CROSS_ORIGIN)
    logout(request)
    response = HttpResponseRedirect(own_url())
    response.status_code = 303
    return response


def _is_from_here(request: HttpRequest) -> bool:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()]
    return same_origin(headers, request.get_host(), configuration().public_url)

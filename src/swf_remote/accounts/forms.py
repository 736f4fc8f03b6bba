"""The forms of the account pages: labels, what browsers may fill in, and words for what went wrong."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest

from .confirmation import MISSING, WRONG, ConfirmedForm, is_confirmed


def _mark_errors(form: forms.BaseForm) -> None:
    """Give each field our look, and say in the markup which of them is wrong.

    Fields keep the autofocus of the first one only while nothing is wrong: after that the summary takes the focus.
    """
    for name, field in form.fields.items():
        attrs = field.widget.attrs
        attrs["class"] = "form-control"
        if form.is_bound and form.errors:
            attrs.pop("autofocus", None)
        if form.is_bound and name in form.errors:
            attrs |= {"aria-invalid": "true", "class": "form-control is-invalid"}


class _Counted(forms.BaseForm):
    """Knows how many things are wrong, for the heading of the error summary."""

    @property
    def problem_count(self) -> int:
        """How many messages the summary lists."""
        return sum(len(messages) for messages in self.errors.values())


class LogInForm(_Counted, AuthenticationForm):
    """Name and password. The words are the same for an unknown name, a wrong password and a closed account."""

    error_messages = {
        "invalid_login": "The user name and the password do not match an account. Both distinguish capital letters.",
        "inactive": "The user name and the password do not match an account. Both distinguish capital letters.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, password = self.fields["username"], self.fields["password"]
        name.label, password.label = "User name", "Password"
        name.error_messages["required"] = "Type your user name."
        password.error_messages["required"] = "Type your password."
        name.widget.attrs |= {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "username"}
        password.widget.attrs["autocomplete"] = "current-password"
        _mark_errors(self)


class ChangePasswordForm(_Counted, PasswordChangeForm):
    """The old password, and the new one twice."""

    error_messages = {
        "password_incorrect": WRONG,
        "password_mismatch": "The two new passwords differ.",
    }

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        self._request = request
        super().__init__(*args, **kwargs)
        for name, label, missing in (
            ("old_password", "Current password", MISSING),
            ("new_password1", "New password", "Type a new password."),
            ("new_password2", "New password again", "Type the new password a second time."),
        ):
            self.fields[name].label = label
            self.fields[name].error_messages["required"] = missing
        _mark_errors(self)

    def clean_old_password(self) -> str:
        """The current password; guesses count like failed log-ins."""
        password: str = self.cleaned_data["old_password"]
        if not is_confirmed(self._request, password):
            raise forms.ValidationError(WRONG, code="password_incorrect")
        return password


class ChangeAddressForm(_Counted, ConfirmedForm):
    """A new e-mail address, and the password."""

    email = forms.EmailField(
        label="New e-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
        error_messages={
            "required": "Type the new e-mail address.",
            "invalid": "That is no e-mail address: it needs a name, an @ and a domain, such as name@example.org.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _mark_errors(self)

    def clean_email(self) -> str:
        """The address, if it is another one than now."""
        email: str = self.cleaned_data["email"]
        if email == getattr(self.request.user, "email", ""):
            raise forms.ValidationError("That is your address already.", code="same_address")
        return email

"""Asks a signed-in reader for the password once more, before anything that a stolen session must not be able to do.

Wrong answers count like failed log-ins: after a few of them the name is locked for a while (``lockout``).
"""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest

WRONG = "The current password is not right."
MISSING = "Type your current password."


def is_confirmed(request: HttpRequest, password: str) -> bool:
    """Whether `password` is that of the signed-in reader."""
    reader = request.user
    if not reader.is_authenticated:
        return False
    found = authenticate(request, username=reader.get_username(), password=password)
    return found is not None and found.pk == reader.pk


class ConfirmedForm(forms.Form):
    """A form that ends with the reader's current password; the view hands it the request."""

    current_password = forms.CharField(
        label="Current password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": MISSING},
    )
    field_order: list[str] | None = None

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name != "current_password"])

    def clean_current_password(self) -> str:
        """The password, if it is right; asked only once all else is, so that no slip counts as a failed attempt."""
        password: str = self.cleaned_data["current_password"]
        if not self.errors and not is_confirmed(self.request, password):
            raise forms.ValidationError(WRONG, code="password_incorrect")
        return password

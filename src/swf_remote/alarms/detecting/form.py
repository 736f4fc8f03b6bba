"""What the inputs of a form hold, and the way back from what a browser posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .contract import Detector, P
from .fields import FormField, form_fields
from .parameters import Fault, ParameterError
from .reading import read_parameters

__all__ = ["FormField", "as_posted", "form_fields", "read_posted"]


def as_posted(detector: Detector[Any], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the inputs of a form hold for these values; what is missing holds its default."""
    return {one.name: _texts(values.get(one.name, one.default)) for one in form_fields(detector)}


def _texts(value: Any) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return ["on"]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [str(one) for one in value]
    return [f"{value:.15g}" if isinstance(value, float) else str(value)]


def read_posted(detector: Detector[P], posted: Mapping[str, Sequence[str]]) -> P:
    """Parameters from what a form posted; inputs that are no parameters are passed over.

    Raises:
        ParameterError: with a fault per field.
    """
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for one in form_fields(detector):
        text = [text.strip() for text in posted.get(one.name, ())]
        if one.kind in ("bool", "list", "multi-choice"):
            values[one.name] = _several(one, text)
        elif any(text):
            values[one.name] = text[-1]
        elif one.optional:
            values[one.name] = None
        elif one.required:
            faults.append(Fault(one.name, None, f"is missing; allowed: {one.allowed}"))
        elif one.kind == "text":
            values[one.name] = ""
    try:
        return read_parameters(detector, values, without=frozenset(fault.field for fault in faults))
    except ParameterError as error:
        raise ParameterError([*faults, *error.faults]) from None


def _several(one: FormField, text: Sequence[str]) -> Any:
    if one.kind == "bool":
        return any(word not in ("", "off", "false", "0", "no") for word in text)
    # A list is one input a value, or one input with a value a line.
    return [part.strip() for word in text for part in word.splitlines() if part.strip()]

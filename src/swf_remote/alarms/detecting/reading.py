"""Parameters from plain values, as they stand in a database or in a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .contract import Detector, P
from .fields import FormField, fields_of
from .parameters import Fault, ParameterError, shown

WHOLE = "parameters"
"""The field of a fault that is about no field alone."""


def read_parameters(detector: Detector[P], values: Mapping[str, Any], without: frozenset[str] = frozenset()) -> P:
    """Typed parameters; what is left out has its default.

    Args:
        detector: whose parameters they are.
        values: by name, JSON-able.
        without: names that are known to be missing; nothing is said of them.

    Raises:
        ParameterError: with a fault per field that is missing, unknown or not allowed.
    """
    if not isinstance(values, Mapping):
        raise ParameterError([Fault(WHOLE, values, f"are {shown(values)}; allowed: names with values")])
    fields = {one.name: one for one in fields_of(detector.Parameters)}
    # To pydantic a yes is the number 1; to whoever writes it, it is not.
    flags = [
        Fault(name, value, f"{shown(value)} is not allowed; allowed: {fields[name].allowed}")
        for name, value in values.items()
        if isinstance(value, bool) and name in fields and fields[name].kind in ("number", "integer")
    ]
    if flags:
        raise ParameterError(flags)
    try:
        return detector.Parameters.model_validate(dict(values))
    except ValidationError as error:
        raise ParameterError(_faults(fields, error, without)) from None
    except RecursionError:
        raise ParameterError([Fault(WHOLE, None, "are nested too deeply")]) from None


def _faults(fields: Mapping[str, FormField], error: ValidationError, without: frozenset[str]) -> list[Fault]:
    faults: dict[str, Fault] = {}
    for detail in error.errors(include_url=False):
        cause = detail.get("ctx", {}).get("error")
        name = str(detail["loc"][0]) if detail["loc"] else getattr(cause, "field", WHOLE)
        if name not in without:
            # The first is enough: a value that may be of two kinds is told once.
            faults.setdefault(name, Fault(name, _value(detail), _words(detail, fields.get(name), tuple(fields))))
    return list(faults.values())


def _value(detail: ErrorDetails) -> Any:
    return None if detail["type"] == "missing" else detail["input"]


def _words(detail: ErrorDetails, field: FormField | None, names: tuple[str, ...]) -> str:
    if detail["type"] == "extra_forbidden":
        return f"no such parameter; there are {', '.join(names)}" if names else "no such parameter; there are none"
    if detail["type"] in ("value_error", "assertion_error"):
        return str(detail.get("ctx", {}).get("error", detail["msg"]))
    allowed = field.allowed if field is not None else detail["msg"]
    if detail["type"] == "missing":
        return f"is missing; allowed: {allowed}"
    return f"{shown(detail['input'])} is not allowed; allowed: {allowed}"

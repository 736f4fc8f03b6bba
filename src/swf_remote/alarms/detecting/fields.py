"""A detector's parameters as the fields of a form: names, kinds, bounds, read from its schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from .contract import Detector

Kind = Literal["number", "integer", "text", "choice", "multi-choice", "bool", "list"]


@dataclass(frozen=True, slots=True)
class FormField:
    """One input of the form."""

    name: str
    title: str
    help: str
    kind: Kind
    unit: str
    least: float | None
    most: float | None
    default: Any
    """JSON-able; None where there is none."""
    choices: tuple[str, ...]
    required: bool
    """Whether there is no default."""
    optional: bool = False
    """Whether nothing may be said at all."""
    multiline: bool = False
    above: bool = False
    """Whether `least` itself is not allowed."""
    placeholder: str = ""
    format: str = ""
    """Of a text, by JSON schema: ``date``; or ``pattern`` if it has to look like the placeholder."""

    @property
    def allowed(self) -> str:
        """What may be put in, in words."""
        words = {"bool": "yes or no", "text": "text", "list": "a list of texts"}.get(self.kind, "")
        if self.kind in ("number", "integer"):
            words = ("a whole number" if self.kind == "integer" else "a number") + self._bounds()
        elif self.kind in ("choice", "multi-choice"):
            words = f"{'one' if self.kind == 'choice' else 'any'} of {', '.join(self.choices)}"
        elif self.format == "date":
            words = "a date such as 2026-12-31"
        elif self.format == "pattern" and self.placeholder:
            words = f"a text such as {self.placeholder}"
        elif self.kind == "text" and self.most is not None:
            words = f"at most {self.most:.15g} characters" + (", not empty" if self.least else "")
        return words + (", or nothing" if self.optional else "")

    def _bounds(self) -> str:
        word = "above" if self.above else "from"
        if self.least is not None and self.most is not None:
            return f" {word} {self.least:.15g} {'up ' if self.above else ''}to {self.most:.15g}"
        if self.least is not None:
            return f" {'above' if self.above else 'of at least'} {self.least:.15g}"
        return f" of at most {self.most:.15g}" if self.most is not None else ""


def form_fields(detector: Detector[Any]) -> tuple[FormField, ...]:
    """The parameters of a detector in their order."""
    return fields_of(detector.Parameters)


def fields_of(parameters: type[BaseModel]) -> tuple[FormField, ...]:
    """The fields of a set of parameters, read from its JSON schema."""
    schema = parameters.model_json_schema()
    required = set(schema.get("required", ()))
    shared = schema.get("$defs", {})
    properties = schema.get("properties", {})
    return tuple(_field(name, one, shared, name in required) for name, one in properties.items())


def _field(name: str, schema: Mapping[str, Any], shared: Mapping[str, Any], required: bool) -> FormField:
    value, optional = _value_schema(schema, shared)
    kind, choices = _kind(value, shared)
    least = value.get("minimum", value.get("exclusiveMinimum", value.get("minLength")))
    return FormField(
        name=name,
        title=str(schema.get("title", name)),
        help=str(schema.get("description", "")),
        kind=kind,
        unit=str(schema.get("unit", value.get("unit", ""))),
        least=least,
        most=value.get("maximum", value.get("exclusiveMaximum", value.get("maxLength"))),
        default=schema.get("default"),
        choices=choices,
        required=required,
        optional=optional,
        multiline=bool(schema.get("multiline", False)),
        above="exclusiveMinimum" in value,
        placeholder=str(schema.get("placeholder", value.get("placeholder", ""))),
        format=str(value.get("format", "pattern" if "pattern" in value else "")),
    )


def _value_schema(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """The schema of a value that is there, and whether none may be."""
    some = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if not some:
        return _resolved(schema, shared), False
    return _resolved(some[0], shared), len(some) < len(schema["anyOf"])


def _resolved(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    return {**shared[name], **schema} if name in shared else schema


def _kind(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> tuple[Kind, tuple[str, ...]]:
    if choices := _choices(schema):
        return "choice", choices
    word = schema.get("type")
    if word == "array":
        choices = _choices(_resolved(schema.get("items", {}), shared))
        return ("multi-choice", choices) if choices else ("list", ())
    known: dict[Any, Kind] = {"number": "number", "integer": "integer", "boolean": "bool"}
    return known.get(word, "text"), ()


def _choices(schema: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(map(str, schema.get("enum", [schema["const"]] if "const" in schema else [])))

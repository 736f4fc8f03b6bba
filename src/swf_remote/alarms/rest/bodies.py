"""Bodies of requests: JSON objects, read strictly (RFC 8259), and merged into what there is (RFC 7396)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, NoReturn

from django.http import HttpRequest

from swf_remote.edge.problem import Problem, ProblemError
from swf_remote.web.handlers import BAD_REQUEST

MOST_BYTES = 256 * 1024
_TYPES = ("application/json", "application/merge-patch+json")
TOO_LARGE = Problem(
    413, "too-large", "Too much was sent", f"At most {MOST_BYTES // 1024} KiB are read.", outcome="Nothing was changed."
)
OTHER_TYPE = Problem(
    415,
    "not-json",
    "What was sent does not call itself JSON",
    "Send it with Content-Type: application/json.",
    outcome="Nothing was changed.",
)


def read_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in the request's body; an empty body is an empty object.

    Raises:
        ProblemError: it is no JSON object, calls itself something else, or is too large.
    """
    length = request.headers.get("Content-Length", "0")
    if not length.isdigit() or int(length) > MOST_BYTES or len(request.body) > MOST_BYTES:
        raise ProblemError(TOO_LARGE)
    if not request.body:
        return {}
    if request.content_type not in _TYPES:
        raise ProblemError(OTHER_TYPE)
    return object_of(request.body)


def object_of(text: bytes) -> dict[str, Any]:
    """The JSON object that the bytes are.

    Raises:
        ProblemError: they are none.
    """
    try:
        found = json.loads(text.decode(), parse_constant=_refuse, object_pairs_hook=_once)
        _check(found)
    except (ValueError, RecursionError) as error:
        told = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise _no_object(told) from None
    if not isinstance(found, dict):
        raise _no_object("it is no object")
    return found


def merged(old: Any, patch: Any) -> Any:
    """`old` with what `patch` says; a null takes a member away (RFC 7396, 2)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _no_object(why: str) -> ProblemError:
    return ProblemError(
        replace(BAD_REQUEST, detail=f"A JSON object is expected: {why}.", outcome="Nothing was changed.")
    )


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is there twice")
    return found


def _check(value: Any) -> None:
    """Texts that no table can keep: with a null character, or with half of a surrogate pair."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= one <= "\udfff" for one in value):
            raise ValueError("a text holds a character that no text has")
    elif isinstance(value, dict):
        for name, one in value.items():
            _check(name)
            _check(one)
    elif isinstance(value, list):
        for one in value:
            _check(one)
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")

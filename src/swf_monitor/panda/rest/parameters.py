"""Query parameters of the REST endpoints, and how their failures are answered (contract 5.1).

A wrong parameter is 400 ``{"error": "<name> must be ..."}``, a missing thing 404 ``{"error": "... not found"}``, a
database that cannot be read 500 ``{"error"}`` without any of the driver's words, which could hold an address.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Final

from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from sqlalchemy.exc import SQLAlchemyError

from swf_monitor.panda.database import UNREADABLE

log = logging.getLogger(__name__)

LARGEST: Final = 2**63 - 1


class ParameterError(ValueError):
    """A query parameter that breaks its rule; the message names it."""


class NotFoundError(LookupError):
    """The thing asked for does not exist; the message names it."""


def integer(query: Mapping[str, str], name: str, *, minimum: int | None = None, maximum: int = LARGEST) -> int | None:
    """The integer parameter `name`, or None when it is absent or empty.

    Raises:
        ParameterError: no integer, below `minimum` or above `maximum`.
    """
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        number = int(text)
    except ValueError:
        raise ParameterError(f"{name} must be an integer") from None
    if minimum is not None and number < minimum:
        raise ParameterError(f"{name} must be >= {minimum}")
    if number > maximum:
        raise ParameterError(f"{name} must be <= {maximum}")
    if number < -LARGEST:
        raise ParameterError(f"{name} must be >= {-LARGEST}")
    return number


def text(query: Mapping[str, str], name: str) -> str | None:
    """The parameter `name` as given, or None when it is absent or empty."""
    return query.get(name) or None


def choice(query: Mapping[str, str], name: str, allowed: Sequence[str]) -> str | None:
    """The parameter `name`, or None when it is absent or empty.

    Raises:
        ParameterError: it is none of `allowed`.
    """
    value = text(query, name)
    if value is not None and value not in allowed:
        raise ParameterError(f"{name} must be one of {', '.join(allowed)}")
    return value


def panda_endpoint(view: Callable[..., dict[str, Any]]) -> Callable[..., Response]:
    """Make a GET endpoint of a function that returns the body as a dictionary.

    HEAD is refused with 405, as on the laboratory's monitor (contract 2.6).
    """

    @wraps(view)
    def endpoint(request: Request, *args: Any, **kwargs: Any) -> Response:
        try:
            return Response(view(request, *args, **kwargs))
        except ParameterError as problem:
            return Response({"error": str(problem)}, status=400)
        except NotFoundError as problem:
            return Response({"error": str(problem)}, status=404)
        except SQLAlchemyError:
            log.exception("the PanDA database failed in %s", request.path)
            return Response({"error": UNREADABLE}, status=500)

    made: Callable[..., Response] = api_view(["GET"])(endpoint)
    return made

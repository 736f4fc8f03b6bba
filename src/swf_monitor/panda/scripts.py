"""Fetches transformation scripts from PanDA's server: the monitor's only outgoing requests.

The address comes from a reader, so it must be exactly one of that server's scripts; a redirect is an error.
"""

from __future__ import annotations

import re
from http.client import HTTPException, HTTPSConnection
from typing import Final

HOST: Final = "pandaserver-doma.cern.ch"
_ADDRESS: Final = re.compile(rf"https://{re.escape(HOST)}(/trf/[A-Za-z0-9_.~+/-]+)")
_TIMEOUT_SECONDS: Final = 10
_LARGEST: Final = 2_000_000


class NotAScriptError(ValueError):
    """The address is not one of a transformation script."""


class ScriptUnavailableError(Exception):
    """The server did not give the script; the message says why."""


def script_path(address: str) -> str:
    """The path of a script on PanDA's server.

    Raises:
        NotAScriptError: another server, another folder, or a path that leaves it.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or ".." in match[1].split("/"):
        raise NotAScriptError(address)
    return match[1]


def read_script(path: str) -> str:
    """The text of a script, at most 2 MB of it; bytes that are not UTF-8 become replacement characters.

    Raises:
        ScriptUnavailableError: the server cannot be reached or answers anything but 200.
    """
    connection = HTTPSConnection(HOST, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        content = reply.read(_LARGEST)
    except (OSError, HTTPException) as problem:
        raise ScriptUnavailableError(f"{HOST} does not answer ({type(problem).__name__})") from problem
    finally:
        connection.close()
    if reply.status != 200:
        raise ScriptUnavailableError(f"{HOST} answered {reply.status}")
    return content.decode("utf-8", errors="replace")

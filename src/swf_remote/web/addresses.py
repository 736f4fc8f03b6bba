"""Addresses below the mount, for code and templates that name proxied pages and our own files.

Own pages have URL names; use `reverse` for those.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings

STATIC_FOLDER = Path(__file__).resolve().parent.parent / "static"


def own_url(path: str = "") -> str:
    """The address of `path` ("panda/jobs/") below the mount: "/prod/panda/jobs/"."""
    return f"{settings.MOUNT}/{path}"


def asset_url(path: str) -> str:
    """The address of one of our static files ("web/site.css"), with its content's fingerprint as version."""
    return f"{settings.STATIC_URL}{path}{_version(path)}"


@cache
def _version(path: str) -> str:
    """`?v=…`, or nothing for a file that is not installed: the page then still works, less pretty."""
    try:
        content = (STATIC_FOLDER / path).read_bytes()
    except OSError:
        return ""
    return f"?v={sha256(content).hexdigest()[:12]}"

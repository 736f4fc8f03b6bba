"""The line above a page that is shown from the cache because the monitor cannot be asked: as of when, and why.

It stands in the monitor's own pages, so it brings its style along and takes colours that read on light and dark.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.html import format_html

from .addresses import own_url
from .moments import iso, stamp

_STYLE = (
    "margin:0;padding:.5rem 1rem;background:#fcebcb;color:#212529;border-bottom:2px solid #9a5b00;"
    "font:1rem/1.5 system-ui,sans-serif"
)


def stale_banner(as_of: datetime, why: str) -> bytes:
    """HTML for a page whose content is of the moment `as_of`; `why` is a sentence without its full stop."""
    return format_html(
        '<section role="status" aria-label="Age of this page" style="{}">{}. Shown: the page as of '
        '<time datetime="{}">{}</time>. <a style="color:inherit" href="{}">What is broken?</a></section>',
        _STYLE,
        why,
        iso(as_of),
        stamp(as_of),
        own_url("status/"),
    ).encode()

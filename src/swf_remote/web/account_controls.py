"""The account corner of a proxied page: replaces the monitor's own `<div class="nav-auth">`.

The log-out form carries no CSRF token, because a proxied page must stay the same for all readers of one name; the
log-out view accepts the request by its origin instead. The block holds no inner `div`, like the one it replaces, so
that whoever rewrites the page again still finds its end.
"""

from functools import lru_cache
from html import escape
from urllib.parse import quote

from django.utils.html import format_html

from swf_remote.accounts.readers import Reader

from .addresses import own_url


# A page is often asked for again by the same reader, and by many without a name.
@lru_cache(maxsize=512)
def account_controls(reader: Reader | None, page: str) -> bytes:
    """The whole replacement block for `reader` on `page` (path and query as the browser asked for it)."""
    return (_signed_in(reader) if reader else _anonymous(page)).encode()


def log_in_url(page: str) -> str:
    """The log-in page, set to return to `page` (path and query)."""
    return f"{own_url('accounts/login/')}?next={quote(page, safe='/', errors='replace')}"


def _anonymous(page: str) -> str:
    # Plain text: this is made for every address that nobody has asked for before.
    return f'<div class="nav-auth"><a href="{escape(log_in_url(page))}">Log in</a></div>'


def _signed_in(reader: Reader) -> str:
    return format_html(
        '<div class="nav-auth"><a href="{}" title="Your account">{}</a> '
        '<form method="post" action="{}" class="d-inline"><button type="submit">Log out</button></form></div>',
        own_url("account/"),
        reader.username,
        own_url("accounts/logout/"),
    )

"""How a job's transformation is shown: plain text, or a link when it is an address.

Scripts on PanDA's own server are opened through ``panda/view-text/``, others directly. Only http and https addresses
become links, since the text is whatever the submitter wrote.
"""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from django.utils.html import format_html

from swf_monitor.panda.formatting import with_query

SCRIPT_PREFIX: Final = "https://pandaserver-doma.cern.ch/trf/"


def transformation_url(text: str | None) -> str:
    """Where a transformation leads, or an empty text."""
    if not text or not text.startswith(("http://", "https://")):
        return ""
    return with_query(reverse("panda_view_text"), {"url": text}) if text.startswith(SCRIPT_PREFIX) else text


def transformation_cell(text: str | None) -> str:
    """The transformation as cell markup; escaped."""
    if url := transformation_url(text):
        return format_html('<a href="{}" target="_blank" rel="noopener">{}</a>', url, text)
    return format_html("{}", text or "")

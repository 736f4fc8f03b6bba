"""Rewriting of bodies: the monitor's URLs become ours, by context and never by blind replacement.

Pure: bytes in pieces of any size in, bytes out; any cut gives the same result. What is not rewritten passes byte for
byte. Memory is bounded (``streaming.LIMIT``), time linear in the length of the body.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol

from swf_remote.proxy.page import PageContext
from swf_remote.proxy.sites import Sites

from .cells import CellsScanner
from .html import HtmlScanner
from .languages import Languages
from .nested import Language
from .placement import Placement
from .streaming import StreamRewriter
from .urls import UrlRules

_LANGUAGES = (
    (re.compile(r"text/html|application/xhtml\+xml|image/svg\+xml"), Language.HTML),
    (re.compile(r"text/css"), Language.CSS),
    (re.compile(r"(?:text|application)/(?:x-)?(?:java|ecma)script|text/jscript"), Language.JAVASCRIPT),
    (re.compile(r"(?:application|text)/(?:[\w.-]+\+)?json|application/(?:x-ndjson|jsonl|json-seq)"), Language.JSON),
)

__all__ = ["PageContext", "Rewriter", "language_of", "rewriter_for"]


class Rewriter(Protocol):
    """Takes a body in pieces and gives back the rewritten body in pieces."""

    @property
    def placement(self) -> Placement | None:
        """With pages: how many account corners were seen (``blocks``) and replaced (``placed``), so far."""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next piece; give back what is settled, perhaps nothing."""

    def finish(self) -> bytes:
        """The rest, after the last piece."""


# The same types come again and again.
@lru_cache(maxsize=256)
def language_of(content_type: bytes | str) -> Language | None:
    """The language of a body of this ``Content-Type``; None when it holds no URLs of ours to map."""
    media_type = _media_type(content_type)
    return next((language for types, language in _LANGUAGES if types.fullmatch(media_type)), None)


def _media_type(content_type: bytes | str) -> str:
    text = content_type.decode("latin-1") if isinstance(content_type, bytes) else content_type
    return text.partition(";")[0].strip().lower()


def rewriter_for(
    content_type: bytes | str, sites: Sites, page: PageContext, *, cells: bool = False, absolute: bool = False
) -> Rewriter | None:
    """A rewriter for one decoded body of `content_type`; None when such bodies pass as they are.

    With `cells`, HTML inside of JSON is made harmless, too. With `absolute`, the monitor's own absolute URLs in JSON
    are mapped, as its REST indexes hold them (contract 11); in pages they mean the monitor inside the laboratory.
    """
    language = language_of(content_type)
    if language is None:
        return None
    if language is Language.HTML:
        return _page_rewriter(Languages(_rules(sites)), page, xml=_media_type(content_type).endswith("+xml"))
    languages = Languages(_rules(sites, absolute=absolute and language is Language.JSON))
    if language is Language.JSON and cells:
        return StreamRewriter(CellsScanner(languages))
    return StreamRewriter(languages.scanner(language))


def _page_rewriter(languages: Languages, page: PageContext, *, xml: bool) -> StreamRewriter:
    placement = Placement(page.controls, page.banner)
    return StreamRewriter(HtmlScanner(languages, placement=placement, xml=xml), placement)


@lru_cache(maxsize=8)
def _rules(sites: Sites, *, absolute: bool = False) -> UrlRules:
    return UrlRules(sites, hosts=sites.monitor_hosts, public=True) if absolute else UrlRules(sites)

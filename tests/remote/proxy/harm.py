"""Finds harm in markup with a parser and lists of its own, so that a hole in the gateway's rules cannot hide here."""

from __future__ import annotations

import re
from collections.abc import Iterator

import turbohtml

# The places in which pages put a cell: by itself in a table's cell or a block, and as a piece of a row's markup.
CONTEXTS = ("td", "div", "template", "body")
_ELEMENTS = re.compile(
    r"applet|area|audio|base|body|canvas|dialog|embed|fencedframe|form|frame.*|head|html|iframe|image|img|isindex|link|"
    r"map|marquee|math.*|meta|noembed|noscript|object|option|param|picture|plaintext|portal|script|select|slot|source|"
    r"style|svg.*|template|textarea|title|track|video|xmp|.*-.*"
)
_ATTRIBUTES = re.compile(
    r"on.*|action|archive|autofocus|autoplay|background|codebase|contenteditable|data|data-bs-(?:html|template|config)|"
    r"form|formaction|http-equiv|id|is|longdesc|manifest|name|nonce|ping|popover.*|poster|shadowrootmode|slot|src|"
    r"srcdoc|srcset|style\s|xlink:.*|xmlns"
)
# Words for people: nothing opens them as an address.
_WORDS = re.compile(r"title|class|aria-.*|value|lang|color|rel|abbr|datetime|role")
# Without a value, only these do something: "<user name>" and "<job id>" are words in brackets.
_SWITCHES = re.compile(r"on.*|autofocus|contenteditable|is|popover|slot|shadowrootmode")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SCRIPT = re.compile(r"(?:java|vb|live)script:|data:|blob:", re.IGNORECASE)
_STYLE = re.compile(
    r"url|image|expression|behavior|binding|@|\\|position\s*:|inset|transform|z-index|:\s*-\d", re.IGNORECASE
)
_END = '<i data-end="1">end</i>'


def harm_in(markup: str) -> list[str]:
    """What of `markup` could do more than show something, wherever a page puts it; empty when all is well."""
    found = []
    for context in CONTEXTS:
        once = turbohtml.parse_fragment(markup, context, scripting=True)
        again = turbohtml.parse_fragment(once.inner_html, context, scripting=True)
        found += [f"{harm} in {context}" for tree in (once, again) for harm in _harm(tree)]
    return found + _harm_beside(markup)


def _harm_beside(markup: str) -> list[str]:
    """What of `markup` reaches out of its own place when a page glues it together with more."""
    glued = turbohtml.parse_fragment(f"<div>{markup}</div>{_END}", scripting=True)
    ends = [element for element in _elements(glued) if element.attrs.get("data-end") == "1"]
    return [*_harm(glued), *([] if len(ends) == 1 else ["what follows is lost"])]


def _harm(tree: turbohtml.Element) -> Iterator[str]:
    for element in _elements(tree):
        if _ELEMENTS.fullmatch(element.tag.lower()):
            yield f"element {element.tag}"
        for name, value in element.attrs.items():
            if _is_harmful(element.tag, name.lower(), value if isinstance(value, str) else " ".join(value or ())):
                yield f"attribute {name}={value!r} of {element.tag}"


def _is_harmful(element: str, name: str, value: str) -> bool:
    if _WORDS.fullmatch(name):
        return False
    if not value:
        return _SWITCHES.fullmatch(name) is not None
    bare = re.sub(r"[\x00-\x20]", "", value)
    if name == "href":
        scheme = _SCHEME.match(bare)
        return element != "a" or (scheme is not None and scheme[1].lower() not in ("http", "https", "mailto"))
    if name == "style":
        return _STYLE.search(value) is not None
    if name == "type":
        return value not in ("checkbox", "radio", "button", "1", "a", "A", "i", "I", "disc", "circle", "square")
    if name.startswith("data-") and ("<" in value or (name.endswith("url") and value.startswith("//"))):
        return True
    return _ATTRIBUTES.fullmatch(name) is not None or _SCRIPT.match(bare) is not None


def _elements(tree: turbohtml.Element) -> Iterator[turbohtml.Element]:
    """All elements below `tree`."""
    waiting = list(tree.children)
    while waiting:
        node = waiting.pop()
        if isinstance(node, turbohtml.Element):
            yield node
            waiting += node.children

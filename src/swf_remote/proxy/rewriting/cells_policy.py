"""What a cell may hold: elements that only show something, attributes that only describe, links that wait for a click.

Nothing here runs, loads, submits, names a thing for scripts to find (``id``, ``name``), or gives markup a second life.
All else is not listed and therefore not harmless; that goes for elements that do not exist yet, too.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTS = _words(
    "a abbr address article aside b bdi bdo big blockquote br button caption center cite code col colgroup data dd del "
    "details dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i input ins kbd "
    "label li main mark menu meter nav nobr ol p pre progress q rb rp rt rtc ruby s samp search section small span "
    "strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
)
"""Elements without a behaviour of their own."""
ACTIVE = _words(
    "animate applet area audio base basefont bgsound blink body canvas command content datalist dialog element embed "
    "fencedframe fieldset font-face foreignobject form frame frameset geolocation head html iframe image img install "
    "isindex keygen legend link listing map marquee math menuitem meta model multicol nextid noembed noframes noscript "
    "object optgroup option output param permission picture plaintext portal script select selectedcontent selectlist "
    "selectmenu set shadow slot source spacer style svg template textarea title track usermedia video xml xmp"
)
"""Elements that run, load, submit, or change how what follows is read; no other name known to HTML is unlisted."""
CONTENT_GOES_TOO = _words("applet iframe math noembed noframes noscript object script style svg template title xmp")
"""Elements whose content means nothing without them."""
_UNKNOWN_NAME = re.compile(r"[a-z][a-z0-9_.:@&,;+*%=]*+", re.ASCII)

_ATTRIBUTES = _words(
    "abbr align aria-label bgcolor border cellpadding cellspacing checked class color colspan datetime dir disabled "
    "face headers height hidden high lang low max min nowrap open optimum readonly reversed role rowspan scope size "
    "span start tabindex title valign value width"
)
_OF_LINKS = frozenset({"href", "target", "rel", "hreflang"})
_TYPES = {
    "input": frozenset({"checkbox", "radio"}),
    "button": frozenset({"button"}),
}
LISTED = _ATTRIBUTES | _OF_LINKS | {"style", "type"}
"""All attributes by full name that some element may have with some value."""
_LIST_TYPE = re.compile(r"[1aAiI]|disc|circle|square")
_TARGET = re.compile(r"_(?:blank|self|top|parent)")
SCHEMES = frozenset({"http", "https", "mailto"})
"""Of links that may stay; so may those without any."""
_IGNORED_IN_URLS = re.compile(r"[\x00-\x20\x7f]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*+):")
_SCRIPT = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)

_DATA = re.compile(
    r"data-(?!(?:bind|confirm|controller|action|html|hx|method|ng|on|remote|script|template|th|turbo|v|x)(?:-|\Z)|bs-)"
    r"[a-z0-9_.-]++|data-bs-(?:delay|dismiss|offset|parent|placement|target|title|toggle|trigger)"
)
_DATA_URL = re.compile(r".*(?:url|uri|href|src)")
_OWN_PATH = re.compile(r"(?:[?#]|/(?![/\\])|\Z)")
_ARIA = re.compile(r"aria-[a-z]++")
_ACTIVE_WORDS = frozenset({"autofocus", "contenteditable", "is", "popover", "slot", "style"})

PROPERTIES = _words(
    "background background-color border border-bottom border-bottom-color border-bottom-width border-collapse "
    "border-color border-left border-radius border-right border-spacing border-style border-top border-width clear "
    "color column-gap display flex flex-grow flex-shrink flex-wrap float font-family font-size font-style "
    "font-variant font-weight gap height justify-content align-items letter-spacing line-height list-style-type "
    "margin margin-bottom margin-left margin-right margin-top max-height max-width min-height min-width opacity "
    "overflow overflow-wrap overflow-x overflow-y padding padding-bottom padding-left padding-right padding-top "
    "row-gap table-layout text-align text-decoration text-decoration-color text-decoration-line "
    "text-decoration-style text-indent text-overflow text-transform vertical-align white-space width word-break "
    "word-spacing word-wrap"
)
"""Style properties that neither load anything nor lift a cell out of its place."""
# No function but colours and names, and no minus before a number: nothing is fetched, nothing covers its neighbours.
_VALUE = r"(?:(?i:rgba?|hsla?)\([\w%.,/ ]*+\)|var\(--[\w-]++\)|[\w#%.,!\s]|-(?=[A-Za-z]))*+"
_STYLE = re.compile(
    rf"[\s;]*+(?:(?i:{'|'.join(sorted(PROPERTIES, key=len, reverse=True))})\s*+:{_VALUE}(?:;[\s;]*+|\Z))*+", re.ASCII
)


def is_unknown(name: str) -> bool:
    """Whether no browser knows an element of this name (lower case), so that it only stands for its content.

    A hyphen would make it one that a page's script can define.
    """
    return name not in ELEMENTS and name not in ACTIVE and _UNKNOWN_NAME.fullmatch(name) is not None


def keeps_word(name: str) -> bool:
    """Whether an unknown element may have this attribute (lower case), without a value: ``<user request>``."""
    return not name.startswith("on") and name not in _ACTIVE_WORDS


def keeps(element: str, name: str, value: str) -> bool:
    """Whether `element` may have this attribute; names in lower case, `value` without character references."""
    if name in _ATTRIBUTES:
        return True
    if name in _OF_LINKS:
        return element == "a" and _link_attribute(name, value)
    if name == "type":
        return _has_type(element, value)
    if name == "style":
        return _STYLE.fullmatch(value) is not None
    return _ARIA.fullmatch(name) is not None or _data(name, value)


def allows(element: str, attributes: dict[str, str]) -> bool:
    """Whether `element` is harmless with just these attributes, each of which is: a control needs its harmless type."""
    return element not in _TYPES or "type" in attributes


def is_harmless_url(url: str) -> bool:
    """Whether a click on `url` opens a page and runs nothing. Blanks and controls count for nothing, as in browsers."""
    scheme = _SCHEME.match(_IGNORED_IN_URLS.sub("", url))
    return scheme is None or scheme[1].lower() in SCHEMES


def _link_attribute(name: str, value: str) -> bool:
    if name == "href":
        return is_harmless_url(value)
    return name != "target" or _TARGET.fullmatch(value.lower()) is not None


def _has_type(element: str, value: str) -> bool:
    if element in _TYPES:
        return value.lower() in _TYPES[element]
    return element in ("ol", "ul", "li") and _LIST_TYPE.fullmatch(value) is not None


def _data(name: str, value: str) -> bool:
    """Whether a ``data-`` attribute only tells scripts something: neither markup nor where to fetch some elsewhere."""
    if not _DATA.fullmatch(name) or "<" in value or _SCRIPT.match(_IGNORED_IN_URLS.sub("", value)):
        return False
    return _DATA_URL.fullmatch(name) is None or _OWN_PATH.match(value) is not None

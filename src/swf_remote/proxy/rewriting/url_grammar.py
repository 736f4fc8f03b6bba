"""How browsers read the beginning of a URL (WHATWG URL 4.4), as regular expressions; all linear.

Blanks and control characters around a URL, and tabs and line ends within, mean nothing; a backslash is a slash; dot
segments at the root are dropped. Letters of the mount may be written as percent escapes, since the monitor decodes its
path (not so in its longest word, by which texts are searched). A way up that ends at the mount (``../swf-monitor/``)
stays a way up. Dot segments behind others (``/x/../swf-monitor/``) are not resolved: no page writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from swf_remote.proxy.sites import LOOPBACK

SPACE = 0x20
"""The highest of the bytes that mean nothing at a URL's ends."""
FOREIGN = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:|[/\\]{2}")
"""A URL of another site, as far as its beginning tells."""
NOT_IN_URL = re.compile(rb'[\x00-\x20<>"\x7f]')
"""What a URL among words has none of."""
ADDRESS = re.compile(
    rb"[\x00-\x20]*+(?P<file>(?:[Hh][Tt][Tt][Pp][Ss]?:)?//(?P<address>[^?#\s]++)(?:\?[^#\s]*+)?)(?=[#\s]|\Z)"
)
"""An absolute URL: host and path, and all up to its fragment."""

_SLASH = r"[/\\]"
_GAP = r"[\t\n\r]*+"
_DOTS = r"(?:\.|%2[Ee]){1,2}"
_WORD = re.compile(r"[A-Za-z0-9]+")
_DEFAULT_PORTS = r"(?::(?:80|443))?"


def longest_word(path: str) -> bytes:
    """The longest run of letters and digits in `path`."""
    words: list[str] = _WORD.findall(path)
    return max(words, key=len).encode()


def spellings(mount: str) -> bytes:
    """The mount as a regular expression, in all its percent-encoded spellings; slashes as they are."""
    return "".join("/" if char == "/" else _spelling(char) for char in mount).encode()


def origins(hosts: Iterable[str]) -> bytes:
    """``http://host`` or ``//host`` of `hosts`; a loopback name with any port, since it always is the monitor's own."""
    names = [re.escape(name if ":" not in name else f"[{name}]") + r"(?::[0-9]{1,5})?" for name in sorted(LOOPBACK)]
    names += [re.escape(host) + ("" if ":" in host else _DEFAULT_PORTS) for host in sorted(hosts)]
    return rf"(?:[Hh][Tt][Tt][Pp][Ss]?:)?//(?i:{'|'.join(names)})".encode()


def beginning(mount: str, origin: bytes) -> bytes:
    """A reference to `mount`, with `origin` or without, or up to it from deeper down."""
    loose = _GAP.join(_SLASH if char == "/" else _spelling(char) for char in mount)
    root = rf"(?P<origin>{origin.decode()})?(?:{_SLASH}{_DOTS})*+"
    return rf"(?:{root}|(?P<up>\.\.(?:{_SLASH}\.\.?)*+)){loose}(?={_GAP}(?:[/\\?#]|\Z))".encode()


def query_value(mount: bytes, origin: bytes) -> bytes:
    """A query's value that is a URL of the monitor: plain, or encoded once or more (``next`` within ``next``)."""
    encoded_mark, encoded_equals = rb"%(?:25)*+(?:3[Ff]|26)", rb"%(?:25)*+3[Dd]"
    ends = rb"(?=%(?:25)*+(?:2[Ff]|3[Ff]|2[36])|[&;#]|\Z)"
    encoded = rb"(?P<encoded>(?P<slash>%%(?:25)*+2[Ff])%b)%b" % (mount[1:].replace(b"/", b"(?P=slash)"), ends)
    plain = rb"(?P<plain>(?:%b)?%b)(?=[/?#&;]|\Z)" % (origin, mount)
    name = rb"(?:[?&;][^=&;?#\s]*+=|%b[^=&;?#\s%%]*+%b)" % (encoded_mark, encoded_equals)
    return rb"%b(?:%b|%b)" % (name, plain, encoded)


def _spelling(char: str) -> str:
    return rf"(?:{re.escape(char)}|%(?i:{ord(char):02x}))"

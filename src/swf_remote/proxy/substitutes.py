"""Which of our locked files stands in for which public file that the monitor's pages load (contract 3.3).

Exact versions only; a page that names no version of flatpickr gets the one named here. A file is found under its plain
and its minified name, whichever of them we have. The files are listed in ``package.json`` and copied by
``tools/vendor.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple


class Stand(NamedTuple):
    """A folder of a public host, and our folder whose files stand in for those in it."""

    public: str
    """Host and folder, without a scheme."""
    ours: str
    """Folder below ``static/vendor/``, beginning with ``package@version``."""
    files: dict[str, str]
    """Names below `public`, and below `ours`."""


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_FLATPICKR = {
    "": "dist/flatpickr.min.js",
    **_same("dist/flatpickr.min.css", "dist/flatpickr.min.js"),
}
_THEMES = ("", "-coy", "-dark", "-funky", "-okaidia", "-solarizedlight", "-tomorrow", "-twilight")
_JSDELIVR: Final = "cdn.jsdelivr.net/npm/"
_CDNJS: Final = "cdnjs.cloudflare.com/ajax/libs/"

STANDS: Final = (
    Stand(
        _JSDELIVR + "bootstrap@5.3.3",
        "bootstrap@5.3.3",
        _same("dist/css/bootstrap.min.css", "dist/js/bootstrap.bundle.min.js"),
    ),
    Stand(_JSDELIVR + "bootstrap-icons@1.11.3", "bootstrap-icons@1.11.3", _same("font/bootstrap-icons.min.css")),
    *(
        Stand(_JSDELIVR + "flatpickr" + version, "flatpickr@4.6.13", _FLATPICKR)
        for version in ("", "@latest", "@4", "@4.6", "@4.6.13")
    ),
    Stand(_JSDELIVR + "renderjson@1.4.0", "renderjson@1.4.0", {"": "renderjson.js", **_same("renderjson.js")}),
    Stand(_JSDELIVR + "sortablejs@1.15.6", "sortablejs@1.15.6", {"": "Sortable.min.js", **_same("Sortable.min.js")}),
    Stand("code.jquery.com", "jquery@3.7.1", {"jquery-3.7.1.min.js": "dist/jquery.min.js"}),
    Stand(
        "cdn.datatables.net/1.13.8",
        "datatables.net-bs5@1.13.8",
        _same("css/dataTables.bootstrap5.min.css", "js/dataTables.bootstrap5.min.js"),
    ),
    Stand("cdn.datatables.net/1.13.8", "datatables.net@1.13.8", _same("js/jquery.dataTables.min.js")),
    Stand(
        _CDNJS + "prism/1.29.0",
        "prismjs@1.29.0",
        {
            "prism.min.js": "prism.js",
            **_same(*(f"components/prism-{part}.min.js" for part in ("core", "json", "python"))),
            **_same(*(f"themes/prism{theme}.min.css" for theme in _THEMES)),
        },
    ),
    Stand(
        _CDNJS + "codemirror/5.65.18",
        "codemirror@5.65.18",
        {
            "codemirror.min.css": "lib/codemirror.css",
            "codemirror.min.js": "lib/codemirror.js",
            "theme/material-darker.min.css": "theme/material-darker.css",
            "mode/javascript/javascript.min.js": "mode/javascript/javascript.js",
            "mode/markdown/markdown.min.js": "mode/markdown/markdown.js",
        },
    ),
    Stand("cdn.plot.ly", "plotly.js-dist-min@2.35.2", {"plotly-2.35.2.min.js": "plotly.min.js"}),
    Stand("cdn.plot.ly", "plotly.js-basic-dist-min@2.35.2", {"plotly-basic-2.35.2.min.js": "plotly-basic.min.js"}),
)

NEEDLES: Final = (b"/cdn", b"code.jquery")
"""Words of which one is in every public address of the table."""


def substitutes(folder: str) -> dict[str, str]:
    """Our addresses below `folder` (a URL with a slash at its end), by public address without a scheme."""
    return {public: f"{folder}{path}?v={_version(path)}" for public, path in _pairs()}


def _pairs() -> Iterator[tuple[str, str]]:
    for stand in STANDS:
        for public, ours in stand.files.items():
            address = f"{stand.public}/{public}".rstrip("/")
            plain = address.replace(".min.", ".")
            name, _, extension = plain.rpartition(".")
            minified = f"{name}.min.{extension}" if extension in ("css", "js") else plain
            yield from ((spelling, f"{stand.ours}/{ours}") for spelling in (plain, minified))


def _version(path: str) -> str:
    """The version in ``package@version/…``: what is served under it never changes."""
    return path.partition("/")[0].rpartition("@")[2]

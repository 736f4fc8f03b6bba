"""What every page of the gateway's own must hold, checked on its HTML."""

from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "img", "input", "br", "hr"})
_NEED_LABEL = frozenset({"input", "select", "textarea"})


class Page(HTMLParser):
    """A parsed page: elements with attributes, the title, the text of headings and of labelled fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"title": [], "h1": [], "label": [], "script": [], "style": []}
        self._open: list[str] = []
        self.feed(html)
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in self.texts and "svg" not in self._open:  # shapes may have titles of their own
            self.texts[tag].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1] == tag, f"</{tag}> closes {self._open[-1:]}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for tag in self._open if "svg" not in self._open else ():
            if tag in self.texts:
                self.texts[tag][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def title(self) -> str:
        return self.texts["title"][0].strip()

    @property
    def heading(self) -> str:
        return " ".join(self.texts["h1"][0].split())

    @property
    def links(self) -> list[str]:
        return [attrs.get("href") or "" for attrs in self.all("a")]


def assert_well_made(html: str) -> Page:
    """One title, one h1, labels for all fields, unique ids, nothing inline, nothing from outside; returns the page."""
    page = Page(html)
    assert len(page.texts["title"]) == 1 and page.title
    assert len(page.texts["h1"]) == 1 and page.heading
    _assert_labelled(page)
    _assert_nothing_inline(page)
    ids = [attrs["id"] for _, attrs in page.elements if attrs.get("id")]
    assert len(ids) == len(set(ids)), "an id stands twice"
    return page


def _assert_labelled(page: Page) -> None:
    labelled = {attrs.get("for") for attrs in page.all("label")}
    for tag, attrs in page.elements:
        if tag in _NEED_LABEL and attrs.get("type") not in {"hidden", "submit"}:
            assert attrs.get("id") in labelled or attrs.get("aria-label"), f"no label for {attrs}"
    assert page.all("html")[0].get("lang") == "en"
    assert page.all("main"), "no main landmark to skip to"


def _assert_nothing_inline(page: Page) -> None:
    """What the policy of own pages would block, but for the nonce, which needs a server."""
    assert not any(text.strip() for text in page.texts["script"] + page.texts["style"])
    assert not page.texts["style"]
    for tag, attrs in page.elements:
        assert not [name for name in attrs if name == "style" or name.startswith("on")], f"<{tag}> {attrs}"
        for name in ("src", "action"):
            assert (attrs.get(name) or "/prod/").startswith("/prod/"), f"<{tag}> {attrs}"
        if tag == "link":
            assert (attrs.get("href") or "").startswith("/prod/assets/"), f"<{tag}> {attrs}"

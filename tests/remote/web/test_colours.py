"""The style sheet's colours, read from the file: enough contrast wherever they meet, the same in both dark blocks."""

import gzip
import re

import pytest

from swf_remote.web.addresses import STATIC_FOLDER

SHEET = (STATIC_FOLDER / "web/site.css").read_text()
TEXT, CONTROL = 4.5, 3.0
GROUNDS = ("background", "surface", "raised")
INKS = ("text", "muted", "accent", "accent-hover", "success", "warning", "danger", "info")
PLOTS = ("a", "b", "c", "d", "e", "failed")
TINTS = ("success", "warning", "danger", "info")


def block(selector: str) -> dict[str, str]:
    """The custom properties of the first rule whose selector ends with `selector`."""
    found = re.search(re.escape(selector) + r"\s*\{([^}]*)\}", SHEET)
    assert found, f"no rule for {selector}"
    return dict(re.findall(r"--([a-z-]+):\s*(#[0-9A-Fa-f]{6});", found[1]))


LIGHT, DARK, AUTO = (block(f'[data-bs-theme="{name}"]') for name in ("light", "dark", "auto"))
NAV = block("\n.bar")


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_right() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_a_reader_without_scripts_gets_the_same_dark_theme() -> None:
    assert AUTO == DARK


def test_both_themes_define_the_same_roles() -> None:
    assert LIGHT.keys() == DARK.keys()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
class TestTheme:
    @pytest.mark.parametrize("ground", GROUNDS)
    @pytest.mark.parametrize("ink", INKS)
    def test_text_can_be_read_on_every_ground(self, theme: dict[str, str], ink: str, ground: str) -> None:
        assert contrast(theme[ink], theme[ground]) >= TEXT

    @pytest.mark.parametrize("ground", GROUNDS)
    @pytest.mark.parametrize("edge", ["control", "focus"])
    def test_edges_and_focus_can_be_seen_on_every_ground(self, theme: dict[str, str], edge: str, ground: str) -> None:
        assert contrast(theme[edge], theme[ground]) >= CONTROL

    @pytest.mark.parametrize("ground", ["background", "surface"])
    @pytest.mark.parametrize("look", PLOTS)
    def test_lines_and_areas_of_plots_can_be_seen(self, theme: dict[str, str], look: str, ground: str) -> None:
        assert contrast(theme[f"plot-{look}"], theme[ground]) >= CONTROL

    @pytest.mark.parametrize("role", TINTS)
    @pytest.mark.parametrize("ink", ["text", "muted", "role"])
    def test_banners_can_be_read(self, theme: dict[str, str], role: str, ink: str) -> None:
        assert contrast(theme[role if ink == "role" else ink], theme[f"{role}-tint"]) >= TEXT

    @pytest.mark.parametrize("ground", ["accent", "accent-hover"])
    def test_buttons_can_be_read(self, theme: dict[str, str], ground: str) -> None:
        assert contrast(theme["accent-ink"], theme[ground]) >= TEXT


@pytest.mark.parametrize("ground", ["nav", "nav-hover"])
@pytest.mark.parametrize("ink", ["nav-text", "nav-muted", "nav-current", "nav-alarm"])
def test_the_navigation_can_be_read(ink: str, ground: str) -> None:
    assert contrast(NAV[ink], NAV[ground]) >= TEXT


@pytest.mark.parametrize("mark", ["nav-mark", "nav-line"])
def test_marks_in_the_navigation_can_be_seen(mark: str) -> None:
    assert contrast(NAV[mark], NAV["nav"]) >= CONTROL


def test_no_rule_names_a_colour_by_itself() -> None:
    rules = re.sub(r"--[a-z-]+:[^;]+;", "", SHEET)
    assert re.findall(r"#[0-9A-Fa-f]{3,8}\b(?=[^{]*;)", rules) == []


def test_every_role_that_is_used_is_defined() -> None:
    used = {name for name in re.findall(r"var\(--([a-z-]+)\)", SHEET) if not name.startswith("bs-")}
    assert used <= LIGHT.keys() | NAV.keys()


def test_the_style_sheet_keeps_its_budget() -> None:
    assert len(gzip.compress(SHEET.encode())) <= 12_000


def test_nothing_is_loaded_from_outside() -> None:
    assert "url(" not in SHEET and "@import" not in SHEET

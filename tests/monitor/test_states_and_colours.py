"""One table of states: the style sheet repeats it, inks and themes can be read, unknown words are shown as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import swf_monitor
from swf_monitor.panda.formatting import badge
from swf_monitor.panda.states import ACTIVE_JOB_STATES, SHAPES, STATES, shape_of, state_of

CSS = Path(swf_monitor.__file__).parent / "static" / "css"
STATE_CSS = (CSS / "state-colors.css").read_text()
THEME_CSS = (CSS / "monitor.css").read_text()


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def declared(variable: str) -> dict[str, str]:
    """Selectors of the state style sheet with the value they give to a variable."""
    found = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^}]*)\}", re.sub(r"/\*.*?\*/", "", STATE_CSS, flags=re.DOTALL)):
        value = re.search(rf"{variable}:\s*(#\w+);", body)
        if value:
            found.update({selector.strip(): value[1] for selector in selectors.split(",")})
    return found


def test_cell_fills_in_the_style_sheet_are_the_tables() -> None:
    assert declared("--fill") == {f"td.{state.word}_fill": state.fill for state in STATES.values() if state.fill}


@pytest.mark.parametrize("kind", ["task", "job"])
def test_badges_in_the_style_sheet_are_the_tables(kind: str) -> None:
    wanted = {
        f".{kind}-state.state-{state.word}": getattr(state, f"{kind}_badge")
        for state in STATES.values()
        if getattr(state, f"{kind}_badge")
    }
    assert {name: value for name, value in declared("--badge").items() if name.startswith(f".{kind}")} == wanted


def test_the_ink_of_every_badge_is_readable() -> None:
    inks = declared("--badge-ink")
    for selector, ground in declared("--badge").items():
        assert contrast(ground, inks[selector]) >= 4.5, selector


def test_text_is_readable_on_every_fill() -> None:
    text = theme("light")["text"]
    assert all(contrast(state.fill, text) >= 4.5 for state in STATES.values() if state.fill)


def theme(name: str) -> dict[str, str]:
    block = THEME_CSS.split(f'[data-bs-theme="{name}"] {{')[1].split("}")[0]
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", block))


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_roles_are_readable_on_every_ground(name: str) -> None:
    colours = theme(name)
    for role in ("text", "muted", "accent", "accent-hover", "success", "warning", "danger", "info"):
        for ground in ("background", "surface", "raised"):
            assert contrast(colours[role], colours[ground]) >= 4.5, (role, ground)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_controls_focus_and_graphics_can_be_seen(name: str) -> None:
    colours = theme(name)
    graphics = [role for role in colours if role.startswith("group-")]
    assert len(graphics) == 7
    for role in ("control", "focus", *graphics):
        for ground in ("background", "surface"):
            assert contrast(colours[role], colours[ground]) >= 3, (role, ground)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_is_readable_on_tints(name: str) -> None:
    colours = theme(name)
    for role in ("success", "warning", "danger", "info", "selected"):
        assert contrast(colours["text"], colours[f"{role}-tint"]) >= 4.5
        assert contrast(colours["muted"], colours[f"{role}-tint"]) >= 4.5


def test_every_state_has_a_shape_and_a_meaning() -> None:
    for state in STATES.values():
        assert state.group in SHAPES
        assert state.meaning


def test_active_states_are_the_contracts_ten() -> None:
    assert len(ACTIVE_JOB_STATES) == 10
    assert "pending" not in ACTIVE_JOB_STATES
    assert set(ACTIVE_JOB_STATES) <= set(STATES)


def test_an_unheard_of_word_is_shown_as_received_and_escaped() -> None:
    assert state_of("weird<b>").word == "weird<b>"
    assert shape_of("weird<b>") == "question"
    assert "weird&lt;b&gt;" in badge("weird<b>", "job")
    assert "<b>" not in badge("weird<b>", "job")

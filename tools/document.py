"""Write the generated tables of the documentation, or check that they are up to date.

A table stands between ``<!-- generated: NAME -->`` and ``<!-- end -->`` in a file of docs/. It is made from the code:
every setting, route and command is documented, and nothing is documented that does not exist.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    titles = list(head)
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def settings_table(configuration: type[BaseSettings]) -> str:
    """One row per setting: environment name, default, meaning.

    Raises:
        ValueError: a setting has no description.
    """
    prefix = configuration.model_config.get("env_prefix", "")
    rows = []
    for name, field in configuration.model_fields.items():
        if not field.description:
            raise ValueError(f"{configuration.__module__}: setting {name} has no description")
        choices = getattr(field.validation_alias, "choices", None)
        variable = choices[0] if choices else f"{prefix}{name}".upper()
        default = "required" if field.default is PydanticUndefined else f"`{field.default}`"
        rows.append((f"`{variable}`", "empty" if default == "``" else default, field.description))
    return table(("setting", "default", "meaning"), rows)


def monitor_settings() -> str:
    """Settings of the monitor."""
    from swf_monitor.configuration import Configuration  # noqa: PLC0415

    return settings_table(Configuration)


def gateway_settings() -> str:
    """Settings of the gateway."""
    from swf_remote.configuration import Configuration  # noqa: PLC0415

    return settings_table(Configuration)


def routes() -> str:
    """The shipped exposure table."""
    from swf_remote.operations.exposure_words import HEADINGS, cells, never  # noqa: PLC0415
    from swf_remote.proxy.policy.exposure_file import read_exposure  # noqa: PLC0415

    rows = [*never(), *map(cells, read_exposure().routes)]
    return table(map(str.lower, HEADINGS), [[*row[:3], f"`{row[3]}`", *row[4:]] for row in rows])


def _help_of(command: Path) -> str:
    """The ``help`` text of a Django management command, read without importing it."""
    for node in ast.walk(ast.parse(command.read_text())):
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "help" for target in node.targets):
            return str(ast.literal_eval(node.value))
    raise ValueError(f"{command}: the command has no help text")


def management_commands(program: str, package: str) -> str:
    """Own management commands of one Django project."""
    files = (ROOT / "src" / package).glob("**/management/commands/*.py")
    own = sorted((path.stem, _help_of(path)) for path in files if not path.stem.startswith("_"))
    return table(("command", "what it does"), [(f"`{program} {name}`", text) for name, text in own])


def testbed_commands() -> str:
    """Commands of ``swf-testbed`` with their options."""
    from swf_testbed.cli import main  # noqa: PLC0415

    assert isinstance(main, click.Group)
    context, rows = click.Context(main), []
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        options = [option for option in command.params if isinstance(option, click.Option)]
        text = (command.help or "").splitlines()[0]
        rows.append((f"`swf-testbed {name}`", text, ", ".join(f"`{option.opts[0]}`" for option in options)))
    return table(("command", "what it does", "options"), rows)


def make_targets() -> str:
    """Documented targets of the Makefile."""
    found = re.findall(r"^([a-z-]+):.*## (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return table(("target", "what it does"), [(f"`make {name}`", text) for name, text in found])


def _own_detectors() -> list[Any]:
    """Detectors of this distribution, in the order of their names."""
    from swf_remote.alarms.detecting.registry import all_detectors  # noqa: PLC0415

    own = (one for one in all_detectors().values() if type(one).__module__.startswith("swf_remote."))
    return sorted(own, key=lambda one: str(one.name))


def detectors() -> str:
    """What each detector matches."""
    rows = [(f"`{one.name}`", one.title, one.summary) for one in _own_detectors()]
    return table(("detector", "title", "matches when"), rows)


def detector_parameters() -> str:
    """Every parameter of every detector."""
    from swf_remote.alarms.detecting.form import form_fields  # noqa: PLC0415

    rows = []
    for detector in _own_detectors():
        for one in form_fields(detector):
            default = "required" if one.required else "" if one.default in ("", None, []) else f"`{one.default}`"
            allowed = f"{one.allowed} ({one.unit})" if one.unit and one.unit not in one.allowed else one.allowed
            if len(one.choices) > 8:
                allowed = f"any of PanDA's {len(one.choices)} states"
            rows.append((f"`{detector.name}`", f"`{one.name}`", default, allowed, f"{one.title}: {one.help}"))
    return table(("detector", "parameter", "default", "allowed", "meaning"), rows)


GENERATORS: dict[str, Callable[[], str]] = {
    "gateway-settings": gateway_settings,
    "monitor-settings": monitor_settings,
    "routes": routes,
    "gateway-commands": lambda: management_commands("swf-remote", "swf_remote"),
    "monitor-commands": lambda: management_commands("swf-monitor", "swf_monitor"),
    "testbed-commands": testbed_commands,
    "make-targets": make_targets,
    "detectors": detectors,
    "detector-parameters": detector_parameters,
}


def renewed(text: str) -> str:
    """The same page with every generated block made anew."""
    return BLOCK.sub(lambda block: block[1] + GENERATORS[block[2]]() + block[3], text)


def main() -> int:
    """Exit code 1 when ``--check`` finds a page that is not up to date, or a table that no page holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; say what is out of date")
    arguments = parser.parse_args()
    pages = sorted((ROOT / "docs").glob("**/*.md"))
    held = {name for page in pages for _, name, _ in BLOCK.findall(page.read_text())}
    stale = [f"no page holds the table {name!r}" for name in GENERATORS.keys() - held]
    for page in pages:
        text = page.read_text()
        if (new := renewed(text)) != text:
            advice = (
                f"is out of date; run: {Path(sys.argv[0]).name}" if arguments.check else "was out of date and is not"
            )
            stale.append(f"{page.relative_to(ROOT)} {advice}")
            if not arguments.check:
                page.write_text(new)
    print("\n".join(stale) or "documentation: up to date")
    return 1 if stale and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())

"""Plain values as YAML that people read: in a fixed order, long texts as blocks, quotes where they are needed."""

from __future__ import annotations

from typing import Any

import yaml

from .document import plain_value

LINE = 100


class _Dumper(yaml.SafeDumper):
    """Writes what `document.read_document` reads as the same."""

    def ignore_aliases(self, data: Any) -> bool:
        """Values that stand twice are written twice."""
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Items of a list stand below their key, indented."""
        del indentless
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text and _fits_a_block(text):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    # Between double quotes ends of lines of every kind and invisible characters are escaped.
    style = '"' if not text.isprintable() else "'" if plain_value(text) is not text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _fits_a_block(text: str) -> bool:
    """A block can hold it and shows it as it is."""
    return all(one.isprintable() or one == "\n" for one in text) and not any(
        line != line.rstrip() or line.startswith(" ") for line in text.split("\n")
    )


_Dumper.add_representer(str, _text)
# Choices of Django's are texts of a class of their own.
_Dumper.add_multi_representer(str, lambda dumper, text: _text(dumper, str(text)))


def write(value: Any) -> str:
    """The YAML of plain values; mappings keep their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=LINE, default_flow_style=False)

"""``swf-testbed``: the commands of the simulated PanDA and of the demo that runs the whole chain.

A command's module is loaded when the command is asked for: four processes of the demo start by this program, and none
of them needs what the others import.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

COMMANDS: Final = {
    "demo": "swf_testbed.demo.command",
    "run": "swf_testbed.simulation.commands",
    "scenario": "swf_testbed.simulation.scenarios.command",
    "seed": "swf_testbed.simulation.commands",
    "tunnel": "swf_testbed.tunnel.command",
}


class CommandsLoadedLate(click.Group):
    """A group whose commands are named in `COMMANDS`; each is an attribute of its module, called as the command is."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names for ``--help``."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, or None when there is no such."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.command(cls=CommandsLoadedLate, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="swf-remote")
def main() -> None:
    """Simulated PanDA: fill and advance its database, open the SSH tunnel, run the whole chain."""


if __name__ == "__main__":
    main()

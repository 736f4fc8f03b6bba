"""``swf-testbed``: the commands of the simulated PanDA and of the demo that runs the whole chain."""

from __future__ import annotations

import click

from swf_testbed.demo.command import demo
from swf_testbed.simulation.commands import run, seed
from swf_testbed.tunnel.command import tunnel


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="swf-remote")
def main() -> None:
    """Simulated PanDA: fill and advance its database, open the SSH tunnel, run the whole chain."""


for command in (demo, seed, run, tunnel):
    main.add_command(command)


if __name__ == "__main__":
    main()

"""``python -m swf_monitor`` is the same as the ``swf-monitor`` command."""

from swf_monitor.cli import main

main()

"""``make fuzz``: random and mutated input against everything that reads what strangers and the monitor send.

``python -m tools.fuzz --help``. Each case has a seed of its own, so any one can be made again; what fails is made as
small as it goes and saved with the command that replays it.
"""

"""Expressions that people write: a small language of conditions, read once, run for thousands of tasks.

Python's own parser reads the text; a fixed list of kinds of nodes is turned into closures, everything else is refused
when the alarm is saved. Nothing is handed to ``eval``, no attribute of an object can be reached, there is no power, no
repetition, no formatting and no loop, so that length bounds time and memory.
"""

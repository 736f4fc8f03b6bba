"""The modules of the simulation that know SQL: tables and files, writing a step, reading a world back.

Beside them only `scenarios.seen` asks the tables, as a reader from outside would.
"""

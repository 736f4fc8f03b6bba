"""Event fan-out: one stream of the monitor for all who listen, numbered, filtered and remembered here (contract 6).

``parsing`` reads the monitor's bytes, ``upstream`` keeps its stream open, ``hub`` hands events to every ``listener``
and remembers them (``history``), ``serving`` speaks HTTP. With Redis (``redis_feed``) all processes share one stream.
"""

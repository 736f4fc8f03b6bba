"""One module per group of figures; each measures with ``measure(bench)`` and gives its rows."""

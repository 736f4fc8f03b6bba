"""The gateway: the public door, mounted at /prod/. Knows the monitor by HTTP alone."""

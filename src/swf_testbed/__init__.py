"""Simulated PanDA and the demo that runs the whole chain. May import the monitor's table definitions, nothing else of it."""

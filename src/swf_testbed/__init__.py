"""Simulated PanDA, and the demo that runs the whole chain.

May import the monitor's table definitions, and nothing else of it.
"""

"""Detectors: what can be wrong, each a typed set of parameters and a pure function from answers to matches."""

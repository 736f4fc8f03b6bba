"""Measurements by hand; each prints what it measured."""

"""Judges the recommended alarms on nights with a known truth: monitor and engine are real, time is simulated."""

"""Alarms and teams as files, and what is taken over from today's tables."""

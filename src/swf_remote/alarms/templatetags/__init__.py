"""Template tags of the alarms."""

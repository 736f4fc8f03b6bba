"""All of it for programs, below ``api/alarms/``."""

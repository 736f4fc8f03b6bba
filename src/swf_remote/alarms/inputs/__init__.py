"""What detectors see: questions to a monitor, asked once a tick for all alarms, and records of earlier ticks."""

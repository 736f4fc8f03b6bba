"""An alarm tried on what was kept of the past: when it would have fired, and what people would have been told."""

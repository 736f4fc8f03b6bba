"""What works right now: the link status page and the two health endpoints."""

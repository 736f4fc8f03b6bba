"""Management commands of the gateway itself: serve, routes."""

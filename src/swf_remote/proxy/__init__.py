"""The way between a reader and the monitor: policy, headers and rewriting (pure), and the sockets (``upstream``)."""

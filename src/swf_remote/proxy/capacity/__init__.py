"""How much of the monitor each kind of request may take, and what happens when the link to it fails.

``bulkhead`` bounds, ``breaker`` gives up early, ``client`` puts both around the client to the monitor.
"""

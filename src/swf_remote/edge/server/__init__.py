"""The gateway's own HTTP/1.1 protocol, behind uvicorn's server: strict where libraries are lenient.

What could be read in two ways (RFC 9112 11.2) is refused here and its connection closed; nothing of it reaches the
application. ``head`` and ``body`` read, ``answer`` writes, all three without sockets; ``turn`` is one request as ASGI
sees it; ``connection`` holds them together; ``serving`` runs it all.
"""

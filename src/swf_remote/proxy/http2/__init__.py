"""HTTP/2 to the monitor (RFC 9113): many requests at once on one connection, where its TLS offers that by ALPN.

``heads``, ``machine`` and ``windows`` are pure; ``connection`` and ``exchange`` live on a transport that
``proxy.upstream_connector`` has opened and proved; ``pool`` shares connections out. No socket is opened here.
"""

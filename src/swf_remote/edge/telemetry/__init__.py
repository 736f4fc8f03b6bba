"""Traces of requests, sent to a collector where ``SWF_REMOTE_TRACES_URL`` names one.

``traces`` is what the gateway sees of it and imports nothing of OpenTelemetry; ``spans`` and ``export`` are imported
when a process with that setting begins to serve.
"""

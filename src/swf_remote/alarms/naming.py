"""Which names of alarms are taken by addresses of pages and of REST."""

RESERVED = frozenset(
    {
        "acknowledge", "backtest", "deliveries", "detectors", "events", "export", "history", "import", "mails", "new",
        "preview", "runs", "schema", "silences", "stream", "subscriptions", "summary", "teams", "ticks",
    }
)  # fmt: skip
"""Words that stand where an alarm's name does, as in ``alarms/<name>/``: no alarm may be called so."""

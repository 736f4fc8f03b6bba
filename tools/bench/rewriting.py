"""How fast bodies are rewritten while they stream: ``python -m tools.bench.rewriting`` prints MB/s of CPU time."""

from __future__ import annotations

import time

from swf_remote.proxy.page import PageContext
from swf_remote.proxy.rewriting import rewriter_for
from swf_remote.proxy.sites import Sites

from . import bodies

PIECE = 1 << 16
SITES = Sites.of(
    monitor_url="https://localhost:18443/swf-monitor", monitor_host="monitor.example", public_url="https://h/prod/"
)
_LEAST_SECONDS = 0.4
HTML, JSON = "text/html; charset=utf-8", "application/json"
CASES = {
    "page of 60 kB, full of links": (HTML, False, bodies.link_page(180)),
    "page of 5 MB, full of links": (HTML, False, bodies.link_page(16_000)),
    "page of 5 MB, nothing to change": (HTML, False, bodies.plain_page(5_000_000)),
    "table answer of 100 rows": (JSON, True, bodies.table_answer(100)),
    "table answer of 1000 rows": (JSON, True, bodies.table_answer(1000)),
    "table answer of 10,000 rows, trusted": (JSON, False, bodies.table_answer(10_000)),
    "export of 30,000 records": (JSON, True, bodies.export(30_000)),
}


def rewrite(content_type: str, body: bytes, *, cells: bool) -> int:
    """Rewrite the body in pieces; give back its new size."""
    rewriter = rewriter_for(content_type, SITES, PageContext(b"<div>alice</div>"), cells=cells)
    if rewriter is None:
        raise ValueError(f"{content_type} is not rewritten")
    size = sum(len(rewriter.feed(body[start : start + PIECE])) for start in range(0, len(body), PIECE))
    return size + len(rewriter.finish())


def speed(content_type: str, body: bytes, *, cells: bool) -> float:
    """Megabytes per second of CPU time, the best of three runs."""
    best = 0.0
    for _ in range(3):
        begin, done = time.process_time(), 0
        while (taken := time.process_time() - begin) < _LEAST_SECONDS:
            rewrite(content_type, body, cells=cells)
            done += len(body)
        best = max(best, done / taken / 1e6)
    return best


def main() -> None:
    """Print one line per body."""
    for name, (content_type, cells, body) in CASES.items():
        print(f"{name:40} {len(body) / 1000:9.0f} kB {speed(content_type, body, cells=cells):8.0f} MB/s")


if __name__ == "__main__":
    main()

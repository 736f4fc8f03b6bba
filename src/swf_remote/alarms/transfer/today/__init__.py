"""What is taken over from today's entry tables: alarms with their versions, teams, events and runs, under their ids.

with open_source("postgresql://reader@host/swf_remote") as source:   # or an SQLite file, or a dump
    print("\\n".join(take_over(source, now=timezone.now(), dry_run=True).lines))
"""

from .places import open_source
from .records import FaultyRowError, Source, SourceError
from .taking import Report, take_over

__all__ = ["FaultyRowError", "Report", "Source", "SourceError", "open_source", "take_over"]

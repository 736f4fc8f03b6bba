"""The PanDA pages: each view opens one snapshot, asks the queries, renders. No SQL here."""

"""Everything read from the PanDA database: its table definitions, queries, pages and REST answers."""

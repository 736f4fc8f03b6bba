"""Who may reach what: the exposure table, the floor that no table opens, and their word applied to one request.

``paths`` reads an address, ``routes`` is the table in force (``exposure.toml`` or an operator's file), ``admission``
applies it to a reader. Pure but for reading the file and looking readers up.
"""

"""The event stream ``api/messages/stream/`` (contract section 6): what changed in PanDA, pushed to whoever listens.

``changes`` reads the database, ``watcher`` asks it once a second while somebody listens, ``hub`` hands each event to
every listener's bounded ``mailbox``, ``view`` speaks HTTP. Events and filters (``events``) are pure.
"""

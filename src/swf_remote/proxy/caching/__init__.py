"""The shared cache of the monitor's answers (RFC 9111): rules are pure, one engine applies them, stores only keep.

``rules`` decides, ``key`` names, ``holes`` leaves room for the reader's part, ``flights`` asks once for many readers.
"""

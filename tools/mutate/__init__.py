"""``make mutate``: mutation testing of the proxy with mutmut, in a copy of the tree, by hand."""

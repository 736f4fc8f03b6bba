"""Legal transitions, and the functions through which every state change goes."""

"""Template tags of the PanDA pages."""

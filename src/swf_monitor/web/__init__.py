"""Pages that are not about PanDA's data: base template, hub, about, account, login."""

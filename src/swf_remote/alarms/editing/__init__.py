"""Pages on which alarms and teams are made, tried, changed, compared, taken over and written as files."""

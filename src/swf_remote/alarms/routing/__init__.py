"""Who is told of what: matchers, recipients and duty, what keeps messages back, and which events a message names."""

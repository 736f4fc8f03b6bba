"""SQL on the PanDA tables. Functions take a connection (one snapshot) and return plain values; no HTTP, no markup."""

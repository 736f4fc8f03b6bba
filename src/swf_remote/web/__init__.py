"""What every page of the gateway's own shares: the frame, the look, error pages and account controls."""

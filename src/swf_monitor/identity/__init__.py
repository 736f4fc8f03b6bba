"""Who a request speaks for: the tunnel's asserted user, a session, or a token (contract 1.2)."""

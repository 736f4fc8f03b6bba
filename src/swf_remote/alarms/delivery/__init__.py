"""Messages: composed once, kept in an outbox, and delivered by mail and webhooks until somebody has them."""

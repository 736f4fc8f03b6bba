"""What people read and do: dashboard, events, histories, run reports, deliveries and silences."""

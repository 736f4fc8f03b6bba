"""Who is signed in: accounts, sessions, log-in pages and the `users` command."""

"""A real SSH tunnel on loopback, server and client in one process, so that nobody needs root or a running sshd."""

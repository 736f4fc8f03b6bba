"""The whole chain by one command: testbed, monitor, SSH tunnel and gateway as supervised processes."""

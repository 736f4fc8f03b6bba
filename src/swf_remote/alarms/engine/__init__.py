"""The engine: ticks on time by one process at a time, evaluations, states, and who is to be told."""

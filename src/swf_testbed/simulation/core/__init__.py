"""The machinery under the simulation: pure Python, fed with time and chance, no database and no real clock."""

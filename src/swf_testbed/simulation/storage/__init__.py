"""The only modules of the simulation that know SQL: tables and files, writing a step, reading a world back."""

"""What the simulated laboratory consists of. Names of people are invented; other facts come from epic-facts."""

"""How many readings go in."""

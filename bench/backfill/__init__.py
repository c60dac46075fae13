"""How fast, and in how much memory, a table of a million rows comes in."""

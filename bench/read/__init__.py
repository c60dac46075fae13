"""How fast readings come out."""

"""The scopes that a key can have; the contract says which of them an operation needs."""

SCOPES = frozenset({"read", "write_live", "write_sites", "admin"})

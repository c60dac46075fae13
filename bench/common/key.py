"""The key that the servers know and the client sends."""

KEY = "benchmark-key-0123456789abcdefghijklmnop"

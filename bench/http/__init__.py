"""What a request costs the server, without a store."""

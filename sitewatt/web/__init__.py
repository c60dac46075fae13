"""What lies between ASGI and the contract: bodies, envelopes, served documents."""

"""HTTP and ASGI around the contract: connections, bodies, codings, envelopes, documents."""

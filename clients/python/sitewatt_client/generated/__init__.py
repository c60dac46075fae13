"""What openapi-generator makes of the contract. `make clients` writes it anew."""

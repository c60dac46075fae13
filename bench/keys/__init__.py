"""What the check of a key costs a request."""

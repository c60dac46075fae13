"""What changes when a store grows."""

"""What counting costs: sitewatt as it is beside the same without its counters."""

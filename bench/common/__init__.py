"""What the benchmarks share: the client, the servers' processes, the frameworks, tables."""

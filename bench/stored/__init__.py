"""What the benchmarks with a store share: mongod, the servers on it, readings, turns."""

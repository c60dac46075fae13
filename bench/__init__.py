"""Benchmarks that anyone can run: `python -m bench.http`, `.ingest`, `.read` and `.growth`."""

"""Benchmarks: Dragoman and its peers, measured side by side on the same work."""

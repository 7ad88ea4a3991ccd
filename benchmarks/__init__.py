"""Benchmarks: programs that measure, not tests that pass or fail by a clock."""

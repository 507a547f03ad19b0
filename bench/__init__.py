"""Benchmarks 测量: programs that drive the running system from outside and print figures."""

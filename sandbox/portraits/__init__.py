"""Portraits of the demo members 演示人像: official pictures in the public domain."""

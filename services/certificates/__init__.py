"""Certificates 证明: numbered PDF documents that anyone can verify; an altered file fails.

Invariants: a number is issued once; the SHA-256 of the file as issued is kept; the file never changes.
"""

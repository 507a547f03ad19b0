"""Members 缴存职工: who they are, which phone and WeChat user is theirs, what they agreed to.

Invariants: one active binding for a member and for a WeChat user; every personal field is sealed.
"""

"""Staff 工作人员: who may work at the review desk, how they prove it, and their sessions.

Invariants: nobody is signed in by one factor alone; a code of the authenticator serves once; a disabled person has
no live session; every sign-in is in the audit trail under the person's own chain.
"""

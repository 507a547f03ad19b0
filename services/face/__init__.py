"""Face 刷脸: challenge, frames, verdict; one factor beside the bound phone, never the only way.

Invariants: no frame without a consent; a session serves one operation of one member on one phone, once, for five
minutes; frames and photos are gone with the verdict; no template is ever kept.
"""

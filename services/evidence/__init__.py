"""Evidence 办件证据: what a case rested on, in one record whose hash stands in the audit chain."""

"""The centre itself 中心: where its counters are, and what it has to announce."""

"""Staff desk 审核台: the staff zone, a process of its own; pages drawn on the server, without scripts."""

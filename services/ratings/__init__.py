"""Ratings 好差评: what a member thought of a finished case, and the answer to a bad one."""

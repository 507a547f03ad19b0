"""Relatives 帮家人办: who may see how a member's cases stand, by the member's own wish, and never move money."""

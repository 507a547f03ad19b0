"""Items 事项: what a member can do, each declared in one file of `catalog`; the engine does the rest."""

"""The demo actor 演示演员: one real portrait that blinks, speaks, turns and nods before a pretended camera."""

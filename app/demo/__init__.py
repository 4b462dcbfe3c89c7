"""A city that nobody lives in: seeded, invented, big enough to look real, and the main job lived once in it."""

"""The acts of oversight: `urges`, `circulars`, and what of both waits for a seat."""

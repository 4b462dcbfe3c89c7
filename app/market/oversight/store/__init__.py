"""All SQL of oversight: `urges` and `circulars`."""

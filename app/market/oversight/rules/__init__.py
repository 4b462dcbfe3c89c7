"""The pure rules of oversight: `urges` and `circulars`, each one table of states × acts."""

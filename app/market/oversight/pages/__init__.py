"""Pages of oversight: the desk, urges and circulars, for the regulator, a head office and a branch."""

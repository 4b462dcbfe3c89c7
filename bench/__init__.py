"""Performance budgets, each a ratio against a reference that runs in the same process group and the same run."""

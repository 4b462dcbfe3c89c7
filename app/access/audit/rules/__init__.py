"""What makes the log provable: its tree, its lines, its heads, and the check of an export. Pure."""

"""Pages of the head office (pools and lists, each change laid before a second person) and of the operator (outlets)."""

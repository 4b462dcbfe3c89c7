"""Pages that belong to no single room: what the operator sees of the machinery."""

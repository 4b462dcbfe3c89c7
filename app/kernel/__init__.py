"""Pure vocabulary that every room shares. Imports nothing of ours and touches no socket, file or database."""

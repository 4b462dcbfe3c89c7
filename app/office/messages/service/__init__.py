"""Commands of messages: writing and reading them, the addresses of copies, and sending those."""

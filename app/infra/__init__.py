"""Every socket and file of the house: settings, PostgreSQL, transactions, the outbox, HTTP, keys, logs."""

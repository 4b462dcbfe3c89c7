"""The commands and views by noun: `rating`, `following` (work orders), `calling` (call-backs and their draws)."""

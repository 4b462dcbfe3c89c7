"""The pages of what firms say: rating, following up, calling back, and the figures of it all."""

"""The regulator's pages, and the words on them."""

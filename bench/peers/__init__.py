"""The references that our figures are held against, written as their textbooks would."""

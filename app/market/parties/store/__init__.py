"""All SQL of banks, published lists and pools."""

"""Commands of packages: showing and sealing; opening and reading."""

"""Where the files that ship beside the code are: top-level folders in a checkout, inside the package in a wheel."""

from importlib.resources import files
from pathlib import Path


def resource_dir(name: str) -> Path:
    """Return the folder `templates` or `migrations`; raise FileNotFoundError when neither place has it."""
    package = Path(str(files("app")))
    for place in (package.parent / name, package / f"_{name}"):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"The folder {name!r} ships neither beside nor inside the package.")

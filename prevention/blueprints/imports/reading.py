"""A first look at a file handed in: which kind it is, and whether rows can be read from it at all."""

from typing import BinaryIO

from prevention.blueprints.imports.forms import FIND_OUT
from prevention.domain.intake.profile import Profile, profile_named, shipped_profiles, suggest_profile
from prevention.domain.intake.rows import read_header, read_rows
from prevention.errors import Invalid

#: Bytes of the largest file taken. The server itself refuses bodies a little larger with a page of its own.
LARGEST_FILE = 50 * 1024 * 1024
_NAMES_SHOWN = 12
#: The share of a profile's columns from which on a file is taken to be meant as one of that kind.
_ENOUGH_COLUMNS = 0.5


def choose_profile(stream: BinaryIO, wanted: str) -> Profile:
    """The profile ``wanted``, or the one the file's columns tell; the file is left at its start.

    Raises:
        Invalid: field ``file`` or ``profile`` → why no row can be taken from it under that profile.
    """
    header = read_header(stream)
    stream.seek(0)
    fits = suggest_profile(header)
    profile = profile_named(wanted) if wanted != FIND_OUT else fits or _closest(header)
    try:
        first = next(read_rows(stream, profile), None)
    except Invalid as invalid:
        raise Invalid(_with_better_guess(invalid, profile, fits)) from invalid
    stream.seek(0)
    if first is None:
        raise Invalid({"file": "The file has a first line with columns, but no rows below it."})
    return profile


def _closest(header: list[str]) -> Profile:
    """The profile most of whose columns are there, though not all it needs: reading by it says which are missing.

    Raises:
        Invalid: field ``file``; the columns are those of no profile.
    """
    shared = {
        name: len(set(profile.columns_of(header)) - {None}) / len(profile.columns)
        for name, profile in shipped_profiles().items()
    }
    closest = max(shared, key=lambda name: shared[name])
    if shared[closest] < _ENOUGH_COLUMNS:
        names = ", ".join(f"“{name[:40]}”" for name in header[:_NAMES_SHOWN])
        raise Invalid({"file": f"The columns fit no kind of file that is known. The first line says: {names}."})
    return profile_named(closest)


def check_size(stream: BinaryIO) -> None:
    """Refuse a file larger than ``LARGEST_FILE``; it is left at its start.

    Raises:
        Invalid: field ``file``.
    """
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(0)
    if size > LARGEST_FILE:
        raise Invalid({"file": "The file must be 50 MB or smaller. Split it and import the parts one after another."})


def _with_better_guess(invalid: Invalid, profile: Profile, fits: Profile | None) -> dict[str, str]:
    if fits is None and "file" in invalid.problems:
        return {"file": f"This looks like “{profile.title}”. {invalid.problems['file']}"}
    if fits is None or fits.name == profile.name:
        return invalid.problems
    return {
        "profile": f"The columns are not those of “{profile.title}”. They look like “{fits.title}”.",
        **invalid.problems,
    }

"""Makes police extracts of any size: each row is somebody of their own, in a home of their own."""

import csv
import io

from prevention.domain.intake.profile import profile_named

COLUMNS = profile_named("police").columns
FIRST = ("EMILY", "TOM", "GRACE", "OSCAR", "PRIYA", "HAMZA", "WANDA")
LAST = (
    "ABARA", "BOSTOCK", "CHIU", "DELANEY", "EKWUEME", "FAIRLEY", "GUPTA", "HOLLIS", "IQBAL", "JANKOWSKI", "KEMP",
    "LOVELL", "MWANGI", "NORTHAM", "OYELARAN", "PRITCHARD", "QUILTER", "RASHID", "STAVROU", "TENNANT", "UDDIN",
    "VICKERS", "WOJCIK", "XENAKIS", "YARDLEY", "ZAHRA", "BRANNIGAN", "CASTELLANO", "DIMITROV", "ESSIEN", "FENWICK",
)  # fmt: skip


def line(number: int, **values: str) -> list[str]:
    """A police row about somebody of their own, in a home of their own."""
    usual = {
        "merlin_ref": f"26ACN{number}",
        "created_at": "2026-07-03T02:32:00",
        "grade": "AMBER",
        "role": "SUBJECT",
        "first_name": FIRST[number % len(FIRST)],
        "last_name": LAST[number % len(LAST)],
        "date_of_birth": f"19{40 + number}-{1 + number % 12:02}-{1 + number % 28:02}",
        "address": f"{number * 7} {LAST[-number % len(LAST)].title()} Road, London",
        "postcode": f"N{number % 9 + 1} {number % 8}AB",
        "factors": "NO SMOKE ALARM",
        "circumstances": "Alone.",
        "subject_informed": "Y",
        "do_not_mention_police": "N",
    }
    row = usual | values
    return [row.get(column, "") for column in COLUMNS]


def file_of(*lines: list[str], columns: tuple[str, ...] = COLUMNS, encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([columns, *lines])
    return text.getvalue().encode(encoding)


def some_rows(count: int) -> bytes:
    return file_of(*(line(number) for number in range(1, count + 1)))

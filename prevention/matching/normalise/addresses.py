"""An address as given, read into BS 7666 parts (domain.md 5.1)."""

import re
from collections.abc import Iterable

from prevention.domain.referral import GivenAddress, TidiedAddress
from prevention.matching.normalise.identifiers import tidy_uprn
from prevention.matching.normalise.postcodes import EMBEDDED_POSTCODE, tidy_outward, tidy_postcode
from prevention.matching.normalise.text import ADDRESS_LIMIT, capital, clean

_NO_FIXED_ABODE = re.compile(
    r"\b(?:NO[ -]+FIXED[ -]+(?:ABODE|ADDRESS)|NFA|N\.F\.A|N/F/A|ZZ99 ?[0-9][A-Z]{2}|"
    r"(?:ROUGH SLEEP(?:ER|ING)|SLEEPING ROUGH|STREET HOMELESS|SOFA SURFING))\b|^ *HOMELESS *$"
)
_ADDRESS_NOT_KNOWN = re.compile(
    r"^(?:(?:ADDRESS )?(?:UNKNOWN|NOT KNOWN|NOT GIVEN|REFUSED|N/?K|U/?K|N/?A|NONE|TBC|TBA)|[-. ?*]+)$"
)


def is_no_fixed_abode(text: str) -> bool:
    """Whether the words say "no fixed abode", "NFA" and the like, or hold an NHS ZZ99 postcode (domain.md 5.2)."""
    upper = clean(text, ADDRESS_LIMIT).upper()
    return bool(_NO_FIXED_ABODE.search(upper)) or re.sub(r"[^A-Z0-9]", "", upper).startswith("ZZ99")


#: Written short, meant long. Only from the second word of a street on, so that "St Johns Road" keeps its saint.
ABBREVIATIONS = {
    "RD": "ROAD", "ST": "STREET", "STR": "STREET", "AVE": "AVENUE", "AV": "AVENUE", "AVN": "AVENUE", "CL": "CLOSE",
    "CLO": "CLOSE", "CLS": "CLOSE", "LN": "LANE", "LA": "LANE", "DR": "DRIVE", "DRV": "DRIVE", "CRES": "CRESCENT",
    "CR": "CRESCENT", "CRESC": "CRESCENT", "CT": "COURT", "CRT": "COURT", "PL": "PLACE", "PLC": "PLACE", "SQ": "SQUARE",
    "GDNS": "GARDENS", "GDN": "GARDENS", "GRDNS": "GARDENS", "GARDEN": "GARDENS", "GR": "GROVE", "GRV": "GROVE",
    "GRN": "GREEN", "TER": "TERRACE", "TERR": "TERRACE", "TCE": "TERRACE", "PK": "PARK", "HSE": "HOUSE", "HO": "HOUSE",
    "BLDG": "BUILDING", "BLDGS": "BUILDINGS", "MT": "MOUNT", "WY": "WAY", "PDE": "PARADE", "HTS": "HEIGHTS",
    "MANS": "MANSIONS", "EST": "ESTATE", "BWAY": "BROADWAY", "APTS": "APARTMENTS", "YD": "YARD", "WLK": "WALK",
}  # fmt: skip
_STRONG_SUFFIXES = frozenset(
    {
        "ROAD", "STREET", "AVENUE", "CLOSE", "LANE", "DRIVE", "CRESCENT", "TERRACE", "GARDENS", "SQUARE", "MEWS",
        "GROVE", "WAY",
    }
)  # fmt: skip
_WEAK_SUFFIXES = frozenset(
    {
        "PLACE", "PARADE", "BROADWAY", "RISE", "ROW", "VALE", "HILL", "WALK", "YARD", "PARK", "GREEN", "COURT", "MOUNT",
        "VIEW", "APPROACH", "WHARF", "QUAY", "CIRCUS", "GATE", "EMBANKMENT", "PASSAGE", "CRESENT", "BANK", "END",
        "VILLAS", "COTTAGES", "BUILDINGS", "ESTATE", "STATION",
    }
)  # fmt: skip
_BUILDINGS = frozenset(
    {"HOUSE", "COTTAGE", "COURT", "LODGE", "FARM", "HALL", "VILLA", "BUNGALOW", "MANSIONS", "TOWER", "APARTMENTS",
     "HOME", "BARN", "HEIGHTS", "HOSTEL", "HOTEL", "ALMSHOUSES", "VICARAGE", "RECTORY"}
)  # fmt: skip
FLAT_WORDS = r"(?:FLAT|FLT|FL|APARTMENT|APPARTMENT|APT|APP|UNIT|STUDIO|MAISONETTE|MAIS|ROOM|RM|BEDSIT|SUITE)"
_FLAT = re.compile(
    rf"(?<![A-Z0-9]){FLAT_WORDS}(?:[.\s#]*(?=[0-9])|[.\s#]+)(?:(?:NO|NUMBER)[.\s]+)?#?"
    r"([0-9]{1,4}[A-Z]?|[A-Z][0-9]{0,3})(?![A-Z0-9'])"
)
_FLOOR = re.compile(
    r"(?<![A-Z0-9])(?:(LOWER GROUND|GROUND|GRD|FIRST|1ST|SECOND|2ND|THIRD|3RD|FOURTH|4TH|TOP|UPPER|LOWER|BASEMENT|"
    r"GARDEN|REAR|FRONT|ATTIC)(?: FLOOR| FLR)?(?: (?:FLAT|FLT|MAISONETTE))|(GFF|FFF|SFF|TFF|BASEMENT))(?![A-Z0-9])"
)
_FLOORS = {"GRD": "GROUND", "1ST": "FIRST", "2ND": "SECOND", "3RD": "THIRD", "4TH": "FOURTH", "GFF": "GROUND",
           "FFF": "FIRST", "SFF": "SECOND", "TFF": "TOP"}  # fmt: skip
_SLASHED = re.compile(r"^([0-9]{1,4}[A-Z]?)\s*/\s*([0-9]{1,4}[A-Z]?)(?=[ ,]|$)")
_NUMBER = re.compile(
    r"(?:^|(?<=[ ,]))([0-9]{1,4})(?: ?([A-Z])(?=[ ,]|$))?(?:\s*-\s*([0-9]{1,4}[A-Z]?))?(?=[ ,]|$)(?!,? *$)"
)
_TOWNS = frozenset(
    {
        "LONDON", "CROYDON", "BROMLEY", "ENFIELD", "HARROW", "ILFORD", "ROMFORD", "WEMBLEY", "SUTTON",
        "KINGSTON UPON THAMES", "TWICKENHAM", "UXBRIDGE", "HOUNSLOW", "BECKENHAM", "ORPINGTON", "PINNER", "NORTHOLT",
        "SURBITON", "WALLINGTON", "RICHMOND", "BARNET", "SOUTHALL", "HAYES", "DAGENHAM", "BARKING", "BEXLEY", "SIDCUP",
        "ERITH", "MITCHAM", "MORDEN", "FELTHAM", "BRENTFORD", "ISLEWORTH", "STANMORE", "EDGWARE", "NORTHWOOD",
        "RUISLIP", "GREENFORD", "HORNCHURCH", "UPMINSTER", "RAINHAM", "WELLING", "BEXLEYHEATH", "CARSHALTON",
        "THORNTON HEATH", "NEW MALDEN", "WORCESTER PARK", "TEDDINGTON", "HAMPTON", "WOODFORD GREEN", "CHIGWELL",
        "LOUGHTON", "CHERTSEY", "EAST MOLESEY",
    }
)  # fmt: skip


def tidy_address(given: GivenAddress) -> TidiedAddress:
    """Read an address into BS 7666 parts (domain.md 5.1): flat, building, number, street, locality, town, postcode.

    Reads one line in capitals, three lines, flats in front or behind (``FLT 8``, ``OAK COURT FLT 3A``, ``2/11``), short
    forms (``RD``, ``CL``, ``AVE``), a postcode inside the text (the postcode field wins), and "no fixed abode" (which
    wins over everything; also the ZZ99 postcodes). ``text`` is the address on one line, and reads back to the same
    parts. What could not be read stays in ``text``.
    """
    uprn = tidy_uprn(given.uprn)
    lines = clean(re.sub(r"[\r\n|]+", ", ", given.lines[: ADDRESS_LIMIT * 2]), ADDRESS_LIMIT)
    if given.no_fixed_abode or is_no_fixed_abode(lines) or is_no_fixed_abode(given.postcode):
        return TidiedAddress(no_fixed_abode=True, text="No fixed abode")
    if _ADDRESS_NOT_KNOWN.match(lines.upper()):
        lines = ""
    address = _parse(lines, given.postcode, uprn)
    for _ in range(3):
        again = _parse(address.text, address.postcode or given.postcode, uprn)
        if again == address:
            return address
        address = again
    return _unread(address.text, address.postcode or given.postcode, uprn)


def _unread(text: str, postcode_text: str, uprn: str | None) -> TidiedAddress:
    """The last resort for text that is no address: kept whole, with nothing read from it but the postcode."""
    return TidiedAddress(uprn=uprn, postcode=tidy_postcode(postcode_text), text=text)


def _split_postcode(line: str, postcode_text: str) -> tuple[str, str | None]:
    """The line without its postcode, and the postcode: the one of the field, else the last in the line."""
    given = tidy_postcode(postcode_text)
    upper = line.upper()
    if len(upper) != len(line):
        return line, given
    found = None
    for match in reversed(list(EMBEDDED_POSTCODE.finditer(upper))):
        read = tidy_postcode(match.group()) if re.search("[0-9]", match.group()) else None  # "Ealing" is no postcode
        if read is None:
            continue
        if given is None or read == given or match.end() == len(upper):
            found = found or read
            line = (line[: match.start()] + " " + line[match.end() :]).strip()
            upper = line.upper()
    postcode = given or found
    outward = postcode.split(" ")[0] if postcode else tidy_outward(postcode_text)
    if outward is not None:
        line = re.sub(rf"[ ,]+{outward}[ ,]*$", "", line, flags=re.IGNORECASE)
    return re.sub(r"\s*,[\s,]*", ", ", line).strip(" ,"), postcode


def split_words(text: str) -> list[str]:
    """The words of an address, without the commas and spaces between them."""
    return [word for word in re.split(r"[ ,]+", text) if word]


def _expand(words: list[str]) -> list[str]:
    """Short forms written out, but never the first word ("St Johns Road") nor a saint ("Old St Pancras Road")."""
    expanded = []
    for at, word in enumerate(words):
        bare = word.strip(".").upper()
        long = ABBREVIATIONS.get(bare)
        saint = (
            bare == "ST"
            and at + 1 < len(words)
            and any(
                ABBREVIATIONS.get(later.strip(".").upper(), later.upper()) in _STRONG_SUFFIXES
                for later in words[at + 1 :]
            )
        )
        if long and at > 0 and not saint:
            expanded.append(long if word.isupper() else long.capitalize())
        else:
            expanded.append(word.strip(".") or word)
    return expanded


def _street_end(words: list[str]) -> int | None:
    """How many words are the street when locality and town follow without a comma; None without a known ending."""
    for suffixes in (_STRONG_SUFFIXES, _WEAK_SUFFIXES):
        for at, word in enumerate(words):
            if at == 0 or word.upper() not in suffixes:
                continue
            if suffixes is _STRONG_SUFFIXES:
                weak = next((i for i in range(1, at - 1) if words[i].upper() in _WEAK_SUFFIXES), None)
                if weak is not None and weak + 2 < at + 1:
                    return weak + 1
            end = at + 1
            while end < len(words) and words[end].upper() in _STRONG_SUFFIXES:
                end += 1
            if end < len(words) and words[end].upper() in {"NORTH", "SOUTH", "EAST", "WEST"}:
                end += 1
            return end
    return None


def _titled(words: Iterable[str]) -> str:
    written = []
    for at, word in enumerate(words):
        if word.upper() in {"AND", "UPON", "OF", "ON", "THE", "IN", "UNDER", "LE"} and at > 0:
            written.append(word.lower())
        elif re.fullmatch(r"[0-9]+[A-Za-z]?", word):
            written.append(word.upper())
        elif word.isupper() or word.islower():
            written.append("-".join(capital(piece) for piece in word.split("-")))
        else:
            written.append(re.sub(r"'S$", "'s", word))
    return " ".join(written)


def _take_flat(line: str) -> tuple[str, str]:
    """The flat's identifier, and the line without it."""
    upper = line.upper()
    if len(upper) != len(line):
        return "", line
    if match := _SLASHED.match(upper):
        return match.group(1), line[match.end(1) :].lstrip(" /")
    if match := _FLOOR.search(upper):
        floor = match.group(1) or match.group(2)
        rest = line[: match.start()] + ", " + line[match.end() :]
        return _FLOORS.get(floor, floor).title(), rest.strip(" ,")
    if match := _FLAT.search(upper):
        rest = line[: match.start()] + ", " + line[match.end() :]
        return match.group(1), re.sub(r"\s*,[\s,]*", ", ", rest).strip(" ,")
    return "", line


def _parse(lines: str, postcode_text: str, uprn: str | None) -> TidiedAddress:
    line, postcode = _split_postcode(lines, postcode_text)
    flat, rest = _take_flat(line)
    number = building = ""
    after = rest
    upper = rest.upper()
    found = _NUMBER.search(upper) if len(upper) == len(rest) else None
    if found is not None:
        digits, letter, to = found.groups()
        number = digits.lstrip("0") + (letter or "") + (f"-{to}" if to else "")
        building = rest[: found.start()].strip(" ,")
        after = rest[found.end() :].strip(" ,")
    named, street_words, tail = _street_and_tail(after, numbered=found is not None)
    street = _titled(street_words)
    building = _titled(_expand(split_words(building or named)))
    if not number and not building and street and _street_end(street_words) is None:
        building, street = street, ""
    town, locality = (tail[-1] if tail else ""), ", ".join(tail[:-1])
    parts = (_flat_words(flat), building, f"{number} {street}".strip(), locality, town, postcode or "")
    text = ", ".join(part for part in parts if part)
    return TidiedAddress(
        uprn=uprn,
        flat=flat,
        building=building,
        number=number,
        street=street,
        locality=locality,
        town=town,
        postcode=postcode,
        text=text or (uprn or ""),
    )


def _flat_words(flat: str) -> str:
    if not flat:
        return ""
    is_identifier = flat[0].isdigit() or len(flat) == 1 or flat[1:].isdigit()
    return f"Flat {flat}" if is_identifier else f"{flat} Floor Flat"


def _street_and_tail(after: str, *, numbered: bool) -> tuple[str, list[str], list[str]]:
    """What stands after the number: a building's name (only without one), the street's words, locality and town."""
    segments = [segment.strip() for segment in after.split(",") if segment.strip(" .")]
    if not segments:
        return "", [], []
    building = ""
    words = _expand(split_words(segments[0]))
    end = _street_end(words)
    if not numbered and len(segments) > 1 and end is None:
        building, words, segments = " ".join(words), _expand(split_words(segments[1])), segments[1:]
        end = _street_end(words)
    named = _building_words(words) if not numbered and not building else 0
    if named:
        building, words = " ".join(words[:named]), words[named:]
        end = _street_end(words)
    if end is None:
        end = len(words) - _town_words(words)
    over = [" ".join(words[end:])] if words[end:] else []
    tail: list[str] = []
    for part in (_titled(split_words(part)) for part in over + segments[1:]):
        if part and part.upper() not in {known.upper() for known in tail}:
            tail.append(part)
    if len(tail) == 1:
        last = tail[0].split()
        cut = _town_words(last)
        if cut:
            tail = [" ".join(last[:-cut]), " ".join(last[-cut:])]
    return building, words[:end], tail


def _building_words(words: list[str]) -> int:
    """How many of the first words name a building on a street ("Homer House Monson Street"); 0 when none do."""
    at = next((at for at, word in enumerate(words[:5], start=1) if word.upper() in _BUILDINGS), 0)
    street_follows = any(word.upper() in _STRONG_SUFFIXES for word in words[at + 1 :])
    return at if at > 1 and street_follows else 0


def _town_words(words: list[str]) -> int:
    """How many of the last words are a post town that is known here, leaving at least one word before it."""
    return next((n for n in (3, 2, 1) if len(words) > n and " ".join(words[-n:]).upper() in _TOWNS), 0)

"""Words for the boroughs and wards a team covers."""

from collections.abc import Iterable, Mapping

from prevention.models.agency import Area


def ward_words(ward: Area) -> str:
    """A ward's name, and that it is of an earlier list where it is."""
    return f"{ward.name} (earlier list)" if ward.superseded else ward.name


def coverage_words(areas: Iterable[Area], boroughs: Mapping[str, str]) -> str:
    """What a team covers on one line; empty: nothing. A ward is not named where its whole borough is covered.

    ``boroughs`` gives the boroughs' names by code.
    """
    whole = [area.name for area in areas if area.code in boroughs]
    covered = {area.code for area in areas}
    wards: dict[str, list[str]] = {}
    for area in areas:
        if not {area.code, area.borough_code} & covered & boroughs.keys():
            wards.setdefault(boroughs[area.borough_code], []).append(ward_words(area))
    parts = [", ".join(whole)] if whole else []
    parts += [f"wards of {borough}: {', '.join(names)}" for borough, names in sorted(wards.items())]
    words = "; ".join(parts)
    return words[:1].upper() + words[1:]


def wards_with_boroughs(wards: Iterable[Area], boroughs: Mapping[str, str]) -> str:
    """Wards on one line, each with its borough, as several boroughs have wards of one name."""
    return ", ".join(f"{ward_words(ward)} in {boroughs[ward.borough_code]}" for ward in wards)

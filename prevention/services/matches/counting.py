"""Counting names, so that the engine knows which are rare here."""

from collections import Counter

from sqlalchemy import delete, func, insert, select

from prevention.matching.record import folded_forenames, folded_surnames
from prevention.models.person import NameCount, NamePart, PersonRecord
from prevention.services.work import Work


def count_names(work: Work) -> int:
    """Count the names of all person records anew; how many different ones there are.

    Whoever compares meanwhile goes by the counts from before. Some seconds at a million records.
    """
    forenames: Counter[str] = Counter()
    surnames: Counter[str] = Counter()
    records = 0
    for first_name, surname, count in work.session.execute(
        select(PersonRecord.first_name, PersonRecord.surname, func.count())
        .group_by(PersonRecord.first_name, PersonRecord.surname)
        .execution_options(yield_per=10_000)
    ):
        records += count
        forenames.update(dict.fromkeys(folded_forenames(first_name)[:1], count))
        surnames.update({folded: count} if (folded := "".join(folded_surnames(surname))) else {})
    rows = [{"part": NamePart.FORENAME, "name": name, "records": count} for name, count in forenames.items()]
    rows += [{"part": NamePart.SURNAME, "name": name, "records": count} for name, count in surnames.items()]
    rows.append({"part": NamePart.RECORD, "name": "", "records": records})
    work.session.execute(delete(NameCount))
    work.session.execute(insert(NameCount), rows)
    return len(rows) - 1

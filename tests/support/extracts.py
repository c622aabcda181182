"""The three services' extracts, shared or generated, in the form the engine compares."""

from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from prevention.domain.intake.conversion import to_command
from prevention.domain.intake.profile import shipped_profiles
from prevention.domain.intake.rows import read_rows
from prevention.domain.referral import ReceiveReferral
from prevention.matching import normalise
from prevention.matching.record import Record


def records_in(folder: Path) -> list[Record]:
    """Every person of ``fire.csv``, ``ambulance.csv`` and ``police.csv``; ``record_id`` is "source,source_ref"."""
    records = []
    for name, profile in shipped_profiles().items():
        with (folder / f"{name}.csv").open("rb") as stream:
            for row in read_rows(stream, profile):
                command = to_command(row, profile, UUID(int=0))
                assert isinstance(command, ReceiveReferral)
                assert command.received_at is not None
                received = command.received_at.astimezone(ZoneInfo("Europe/London")).date()
                person = normalise.tidy_person(command.person, received)
                address = normalise.tidy_address(command.address)
                reference = f"{name},{command.source_ref}"
                records.append(Record.from_tidied(reference, person, address, source=name, received=received))
    return records

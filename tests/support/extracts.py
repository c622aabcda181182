"""The three services' extracts, shared or generated, as commands and in the form the engine compares."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from prevention.domain.intake.conversion import to_command
from prevention.domain.intake.profile import shipped_profiles
from prevention.domain.intake.rows import read_rows
from prevention.domain.referral import ReceiveReferral
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.people import tidy_person
from prevention.matching.record import Record


def commands_in(folder: Path, agencies: Mapping[str, UUID]) -> Iterator[tuple[str, ReceiveReferral]]:
    """Every row of ``fire.csv``, ``ambulance.csv`` and ``police.csv`` with its source, sent by that one's agency."""
    for name, profile in shipped_profiles().items():
        with (folder / f"{name}.csv").open("rb") as stream:
            for row in read_rows(stream, profile):
                command = to_command(row, profile, agencies[name])
                assert isinstance(command, ReceiveReferral)
                yield name, command


def records_in(folder: Path) -> list[Record]:
    """Every person of the extracts; ``record_id`` is "source,source_ref"."""
    records = []
    for name, command in commands_in(folder, dict.fromkeys(shipped_profiles(), UUID(int=0))):
        assert command.received_at is not None
        received = command.received_at.astimezone(ZoneInfo("Europe/London")).date()
        person = tidy_person(command.person, received)
        address = tidy_address(command.address)
        reference = f"{name},{command.source_ref}"
        records.append(Record.from_tidied(reference, person, address, source=name, received=received))
    return records

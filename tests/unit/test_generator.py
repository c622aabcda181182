"""The generator's world as a whole: shapes, promises about time and repeats, the showcase."""

import ast
import csv
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

import prevention.demonstration.generator.world as world_module
from prevention.demonstration.generator.boroughs import boroughs
from prevention.demonstration.generator.extracts import COLUMNS, ENCODINGS
from prevention.demonstration.generator.places import Places
from prevention.demonstration.generator.reasons import (
    AGENCIES,
    REASONS,
    SHOWCASE_REASONS,
    VERY_HIGH_COMBINATIONS,
)
from prevention.demonstration.generator.world import Extracts, World, generate
from prevention.domain.referral import ReferralReason
from prevention.domain.risk import FactorSource, RiskLevel
from prevention.domain.risk_rules import Factor, assess, load_pack
from prevention.domain.ward_list import read_wards

TODAY = date(2026, 11, 22)
CLOCK = time(14, 30)
NOW = datetime.combine(TODAY, CLOCK)
POSTCODE = re.compile(
    r"^(?:[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]{1,2}|[0-9][A-HJKPSTUW]|[A-HK-Y][0-9][ABEHMNPRVWXY]))"
    r" [0-9][ABD-HJLNP-UW-Z]{2}$"
)
HEADERS = {
    "fire": "Request Ref,Received,Channel,Forename,Surname,DOB,Sex,Telephone,Email,UPRN,Address 1,Address 2,Address 3,"
    "Postcode,Lives Alone,Smoke Alarm Working,Reasons,Resident Told,Agrees To Visit,Notes",
    "ambulance": "CAD,Incident Date,Time,Patient Name,DoB,Age,Gender,NHS No,Location,Post Code,Contact No,Conveyed To,"
    "Concerns,Crew Notes,Pt Aware,Call Sign",
    "police": "merlin_ref,created_at,grade,role,first_name,middle_names,last_name,date_of_birth,gender,address,"
    "postcode,uprn,phone,email,factors,circumstances,subject_informed,do_not_mention_police",
    "truth": "source,source_ref,person,household,concern",
    "gazetteer": "uprn,flat,building,number,street,locality,town,postcode,borough_code,latitude,longitude,ward_code",
    "wards": "WD24CD,WD24NM,LAD24CD,LAD24NM",
}
REFERENCE_COLUMN = {"fire": "Request Ref", "ambulance": "CAD", "police": "merlin_ref"}
REASONS_COLUMN = {"fire": ("Reasons", ";"), "ambulance": ("Concerns", ","), "police": ("factors", "|")}
PRODUCT = Path(world_module.__file__).parents[3]

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Written:
    world: World
    extracts: Extracts
    files: dict[str, Rows]

    def by_reference(self) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
        """Every line of the truth with the agency's row it is about."""
        rows = {(source, row[column]): row for source, column in REFERENCE_COLUMN.items() for row in self.files[source]}
        for line in self.files["truth"]:
            yield line, rows[line["source"], line["source_ref"]]


def read(folder: Path, name: str) -> Rows:
    with (folder / f"{name}.csv").open(encoding=ENCODINGS[name], newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("extracts")
    world = generate(7, 3_000, TODAY, clock=CLOCK)
    extracts = world.write_extracts(folder)
    return Written(world, extracts, {name: read(folder, name) for name in COLUMNS})


def moment(source: str, row: dict[str, str]) -> datetime:
    if source == "fire":
        return datetime.strptime(row["Received"], "%d/%m/%Y %H:%M")  # noqa: DTZ007 the files have no zone
    if source == "ambulance":
        return datetime.strptime(f"{row['Incident Date']} {row['Time']}", "%d-%b-%y %H%M")  # noqa: DTZ007 the files have no zone
    return datetime.fromisoformat(row["created_at"])


def codes(source: str, row: dict[str, str]) -> list[ReferralReason]:
    column, bar = REASONS_COLUMN[source]
    known = {reason.labels[AGENCIES.index(source)]: reason.code for reason in REASONS}
    return [known[word.strip()] for word in row[column].split(bar)]


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_the_columns_are_those_of_the_shared_files(written: Written, name: str) -> None:
    assert ",".join(COLUMNS[name]) == HEADERS[name]
    path = getattr(written.extracts, name)
    assert path.read_bytes().decode(ENCODINGS[name]).startswith(HEADERS[name] + "\r\n")
    shared = PRODUCT.parent / "shared" / "data" / "referrals" / f"{name}.csv"
    if shared.exists():
        assert shared.read_bytes().decode(ENCODINGS[name]).startswith(HEADERS[name] + "\r\n")


def test_encodings(written: Written) -> None:
    assert written.extracts.fire.read_bytes().startswith(b"\xef\xbb\xbf")
    assert not written.extracts.police.read_bytes().startswith(b"\xef\xbb\xbf")
    ambulance = written.extracts.ambulance.read_bytes()
    assert ambulance.decode("cp1252").encode("cp1252") == ambulance
    with pytest.raises(UnicodeDecodeError):
        ambulance.decode("utf-8")
    names = "".join(row["last_name"] + row["first_name"] for row in written.files["police"])
    assert any(ord(letter) > 255 for letter in names)


def test_the_number_of_rows_is_the_number_asked_for(written: Written) -> None:
    assert sum(len(written.files[source]) for source in AGENCIES) == 3_000
    assert len(written.files["truth"]) == 3_000
    assert written.extracts.rows == {name: len(rows) for name, rows in written.files.items()}
    for source in AGENCIES:
        assert len(written.files[source]) > 800
        references = [row[REFERENCE_COLUMN[source]] for row in written.files[source]]
        assert len(set(references)) == len(references)


def test_the_same_seed_and_day_give_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        generate(3, 400, TODAY).write_extracts(tmp_path / folder)
    for name in COLUMNS:
        assert (tmp_path / "one" / f"{name}.csv").read_bytes() == (tmp_path / "two" / f"{name}.csv").read_bytes()


@pytest.mark.parametrize(("seed", "day"), [(4, TODAY), (3, TODAY - timedelta(days=1))])
def test_another_seed_or_day_gives_another_world(tmp_path: Path, seed: int, day: date) -> None:
    generate(3, 200, TODAY).write_extracts(tmp_path / "one")
    generate(seed, 200, day).write_extracts(tmp_path / "two")
    assert (tmp_path / "one" / "fire.csv").read_bytes() != (tmp_path / "two" / "fire.csv").read_bytes()


def test_reading_the_world_does_not_change_what_is_written(tmp_path: Path) -> None:
    world = generate(3, 200, TODAY)
    list(world.referrals())
    world.write_extracts(tmp_path / "one")
    generate(3, 200, TODAY).write_extracts(tmp_path / "two")
    assert (tmp_path / "one" / "police.csv").read_bytes() == (tmp_path / "two" / "police.csv").read_bytes()


@pytest.mark.parametrize("seed", [1, 7, 2026])
def test_three_in_ten_referrals_repeat_a_known_concern(seed: int) -> None:
    referrals = list(generate(seed, 3_000, TODAY).referrals())
    concerns = {referral.concern for referral in referrals}
    assert 0.25 <= 1 - len(concerns) / len(referrals) <= 0.35
    assert all(earlier.at <= later.at for earlier, later in pairwise(referrals))


def test_plenty_of_homes_are_known_to_two_agencies(written: Written) -> None:
    sources: dict[str, set[str]] = defaultdict(set)
    for line in written.files["truth"]:
        sources[line["concern"]].add(line["source"])
    together = Counter(tuple(sorted(who)) for who in sources.values())
    assert together["ambulance", "police"] > 60
    assert together["ambulance", "fire", "police"] > 60


def test_a_household_spoken_of_again_after_months_is_a_new_concern(written: Written) -> None:
    times: dict[str, dict[str, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    for line, row in written.by_reference():
        times[line["household"]][line["concern"]].append(moment(line["source"], row))
    again = [concerns for concerns in times.values() if len(concerns) > 1]
    assert len(again) > 40
    for concerns in again:
        first, second = sorted(min(moments) for moments in concerns.values())
        assert second - first >= timedelta(days=90)


@pytest.mark.parametrize("clock", [time(0, 0), time(0, 20), time(9, 0), time(23, 59)])
@pytest.mark.parametrize("day", [TODAY, date(2027, 3, 28)])
def test_nothing_lies_in_the_future_and_the_last_hours_are_alive(tmp_path: Path, clock: time, day: date) -> None:
    world = generate(5, 1_500, day, clock=clock)
    world.write_extracts(tmp_path)
    now = datetime.combine(day, clock)
    ages = [now - moment(source, row) for source in AGENCIES for row in read(tmp_path, source)]
    assert len(ages) == 1_500
    assert min(ages) >= timedelta(0)
    assert sum(age <= timedelta(hours=3) for age in ages) >= 6
    assert sum(age <= timedelta(days=57) for age in ages) > 0.8 * len(ages)
    assert sum(age <= timedelta(days=14) for age in ages) > 0.35 * len(ages)
    assert sum(age > timedelta(days=90) for age in ages) > 0.05 * len(ages)


def test_no_time_that_londons_clocks_skip() -> None:
    world = generate(5, 4_000, date(2026, 4, 20))
    for referral in world.referrals():
        day, minute = divmod(referral.at, 1_440)
        assert not (date.fromordinal(day) == date(2026, 3, 29) and 60 <= minute < 120)


def test_the_showcase_is_in_the_files(written: Written) -> None:
    shown = written.world.showcase
    rows = {line["source"]: (line, row) for line, row in written.by_reference() if line["concern"] == shown.concern}
    assert sorted(rows) == ["ambulance", "police"]
    assert {source: line["source_ref"] for source, (line, _) in rows.items()} == written.extracts.showcase_references
    for source, (line, row) in rows.items():
        assert line["person"] == shown.resident.key
        assert line["household"] == shown.household
        assert moment(source, row) == shown.times[source]
        assert timedelta(0) <= NOW - shown.times[source] <= timedelta(hours=3)
        assert shown.address.postcode in row.values()
    crew, officer = rows["ambulance"][1], rows["police"][1]
    assert crew["Patient Name"].startswith(shown.ambulance_name.surname.upper())
    assert officer["last_name"].lower() == shown.police_name.surname.lower()
    assert shown.ambulance_name.surname != shown.police_name.surname
    assert crew["NHS No"] == shown.resident.nhs_number
    assert {"airflow mattress", "smokes in bed"} <= set(crew["Concerns"].split(", "))
    assert crew["Crew Notes"]
    assert officer["circumstances"]


def test_very_high_only_in_the_last_three_hours_and_nothing_before_the_showcase(written: Written) -> None:
    london = load_pack("london_four_level")

    def level(reasons: list[ReferralReason]) -> RiskLevel:
        return assess([Factor(reason, FactorSource.CREW_OBSERVED) for reason in reasons], london).level

    for combination in (*VERY_HIGH_COMBINATIONS, SHOWCASE_REASONS):
        assert level(list(combination)) is RiskLevel.VERY_HIGH
    reasons: dict[str, list[ReferralReason]] = defaultdict(list)
    began: dict[str, datetime] = {}
    for line, row in written.by_reference():
        reasons[line["concern"]] += codes(line["source"], row)
        began.setdefault(line["concern"], moment(line["source"], row))
    worst = sorted((began[concern], concern) for concern in reasons if level(reasons[concern]) is RiskLevel.VERY_HIGH)
    assert len(worst) >= 2
    assert worst[0][1] == written.world.showcase.concern
    assert NOW - worst[0][0] <= timedelta(hours=3)


def test_each_agency_uses_all_its_words(written: Written) -> None:
    rare = {ReferralReason.ARSON_THREAT}
    for source in AGENCIES:
        used = {code for row in written.files[source] for code in codes(source, row)}
        assert {reason.code for reason in REASONS} - used <= rare


def test_a_fire_row_without_alarm_says_so_twice(written: Written) -> None:
    for row in written.files["fire"]:
        assert (row["Smoke Alarm Working"] == "No") == ("No working smoke alarm" in row["Reasons"])


def test_the_gazetteer_has_every_home_and_its_neighbours(written: Written) -> None:
    gazetteer = {row["uprn"]: row for row in written.files["gazetteer"]}
    assert len(gazetteer) == len(written.files["gazetteer"])
    known = [row["UPRN"] for row in written.files["fire"]] + [row["uprn"] for row in written.files["police"]]
    assert all(uprn in gazetteer for uprn in known if uprn)
    assert written.world.showcase.address.uprn in gazetteer
    per_postcode = Counter(row["postcode"] for row in gazetteer.values())
    assert min(per_postcode.values()) >= 20
    assert max(per_postcode.values()) <= 40
    assert len({tuple(row.values())[1:8] for row in gazetteer.values()}) == len(gazetteer)
    towns: dict[str, set[str]] = defaultdict(set)
    for row in gazetteer.values():
        towns[row["postcode"]].add(row["borough_code"])
        assert POSTCODE.match(row["postcode"])
        assert 51.28 < float(row["latitude"]) < 51.70
        assert -0.52 < float(row["longitude"]) < 0.34
        assert row["street"]
        assert row["number"] or row["building"]
    assert all(len(codes_here) == 1 for codes_here in towns.values())
    assert {row["borough_code"] for row in gazetteer.values()} == {f"E090000{number:02d}" for number in range(1, 34)}


def test_every_address_is_in_an_invented_ward_of_its_borough(written: Written) -> None:
    listed = list(read_wards(written.extracts.wards.read_text("utf-8-sig").splitlines()))
    assert not [ward.problem for ward in listed if ward.problem]
    boroughs_of = {ward.code: ward.borough_code for ward in listed}
    assert len(boroughs_of) == len(listed) == len({(ward.name, ward.borough_code) for ward in listed})
    assert all(code.startswith("E05999") for code in boroughs_of)
    assert set(boroughs_of.values()) == {borough.code for borough in boroughs()}
    assert all(boroughs_of[row["ward_code"]] == row["borough_code"] for row in written.files["gazetteer"])
    assert len({row["ward_code"] for row in written.files["gazetteer"]}) > len(boroughs_of) / 2


def test_boroughs_are_written_down_properly() -> None:
    assert [borough.code for borough in boroughs()] == [f"E090000{number:02d}" for number in range(1, 34)]
    for borough in boroughs():
        assert len(borough.streets) >= 8
        assert len({(street.name, street.outward) for street in borough.streets}) == len(borough.streets)
        for street in borough.streets:
            assert POSTCODE.match(f"{street.outward} 1AA")
            assert street.town


def test_postcodes_stay_unique_in_a_big_city() -> None:
    places = Places(7, 60_000)
    seen = [places.postcode(index).code for index in range(places.postcodes)]
    assert len(set(seen)) == len(seen) == 6_000


def test_a_tiny_world_is_the_showcase() -> None:
    world = generate(1, 2, TODAY)
    assert [referral.source for referral in world.referrals()] == ["ambulance", "police"]


@pytest.mark.parametrize("referrals", [-1, 0, 1])
def test_a_world_without_room_for_the_showcase_is_refused(referrals: int) -> None:
    with pytest.raises(ValueError, match="two referrals"):
        generate(1, referrals, TODAY)


def test_the_generator_needs_nothing_but_python_and_the_words_of_the_domain() -> None:
    package = Path(world_module.__file__).parent
    for path in package.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "../shared" not in source
        assert "/work/" not in source
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom | ast.Import):
                modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [it.name for it in node.names]
                for module in modules:
                    own = module.startswith(("prevention.demonstration.generator", "prevention.domain.referral"))
                    assert own or module.partition(".")[0] in sys.stdlib_module_names

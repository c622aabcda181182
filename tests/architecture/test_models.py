"""The tables and the trail."""

import ast
import re

import pytest
from sqlalchemy import Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from prevention.models.audit import AuditTag
from prevention.models.registry import Base
from tests.architecture.source import PRODUCT, modules, tree

TABLES = sorted(Base.metadata.tables.values(), key=lambda table: table.name)

#: Foreign keys without an index of their own, and why none is needed. An index costs every write; it pays when rows are
#: looked up by the column or when the row it points to may be deleted. Users, agencies, teams and boroughs never are.
WHO_DID_IT = re.compile(r"^(\w+_by|author_id)$")
NOT_LOOKED_UP_BY = {
    ("areas", "borough_code"): "some hundred rows",
    ("gazetteer_addresses", "borough_code"): "addresses are looked up by postcode; wards go once in some years",
    ("premises", "borough_code"): "cases carry their borough themselves",
    ("cases", "borough_code"): "a filter inside one agency's open cases, which ix_cases_queue reads in order",
    ("assignments", "team_id"): "read by case",
    ("assignments", "user_id"): "read by case",
    ("audit_events", "user_id"): "read by case, subject or time",
    ("audit_events", "agency_id"): "read by case, subject or time",
    ("risk_assessments", "referral_id"): "read by case",
    ("risk_assessments", "visit_id"): "read by case",
    ("visits", "agency_id"): "read by officer, team, case or premises; an agency's are counted only when it is stopped",
    ("outreach", "team_id"): "read by agency",
    ("outreach_doors", "referral_id"): "read by outreach",
    ("mark_decisions", "agency_id"): "read by case",
    ("mark_decisions", "answering_agency_id"): "read by case",
    ("case_notes", "agency_id"): "read by case",
    ("import_rows", "referral_id"): "read by run",
    ("import_runs", "handed_in_by_id"): "read by agency or by time",
    ("proposed_amendments", "sent_by_id"): "read by referral, or by the agency that settles it",
    ("follow_ups", "onward_referral_id"): "read by case",
    ("messages", "referral_id"): "read by agency; written once by effect key",
    ("messages", "case_id"): "read by agency; written once by effect key",
    ("person_records", "agency_id"): "read by referral and by matching keys",
}


def _first_columns(table: Table) -> set[str]:
    found = {next(iter(index.columns)).name for index in table.indexes if index.columns}
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint) and len(constraint.columns):
            found.add(next(iter(constraint.columns)).name)
    return found


def test_foreign_keys_have_an_index_that_begins_with_them() -> None:
    without = []
    for table in TABLES:
        first = _first_columns(table)
        for key in table.foreign_key_constraints:
            name = key.column_keys[0]
            target = key.referred_table.name
            if name in first or (table.name, name) in NOT_LOOKED_UP_BY:
                continue
            if target == "users" and WHO_DID_IT.match(name):
                continue
            without.append(f"{table.name}.{name} -> {target}")
    assert not without, "\n".join(without)


def test_the_exceptions_are_still_exceptions() -> None:
    stale = []
    for table_name, column in NOT_LOOKED_UP_BY:
        table = Base.metadata.tables.get(table_name)
        if table is None or column not in table.columns or column in _first_columns(table):
            stale.append(f"{table_name}.{column}")
    assert not stale, "\n".join(stale)


def test_times_know_their_zone_and_enums_are_words() -> None:
    for table in TABLES:
        for column in table.columns:
            kind = type(column.type).__name__
            assert kind != "DateTime" or column.type.timezone, f"{table.name}.{column.name}"
            assert kind != "Enum" or not column.type.native_enum, f"{table.name}.{column.name}"


def test_every_constraint_has_a_name() -> None:
    for table in TABLES:
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint}"
        for index in table.indexes:
            assert isinstance(index, Index)
            assert index.name


def test_what_people_edit_has_a_version() -> None:
    edited = {"agencies", "teams", "users", "cases", "visits", "follow_ups"}
    edited |= {"outreach", "outreach_doors", "onward_referrals"}
    assert {table.name for table in TABLES if "version_id" in table.columns} == edited


@pytest.mark.parametrize("tag", list(AuditTag), ids=lambda tag: tag.value)
def test_every_trace_is_left_somewhere(tag: AuditTag) -> None:
    for path in modules():
        if path.is_relative_to(PRODUCT / "models"):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and node.attr == tag.name:
                return
    pytest.fail(f"AuditTag.{tag.name} is never recorded")


def test_foreign_keys_delete_nothing() -> None:
    for table in TABLES:
        for key in table.foreign_key_constraints:
            assert isinstance(key, ForeignKeyConstraint)
            assert key.ondelete is None, f"{table.name}: rows are kept, so nothing disappears with another row"


def test_columns_that_hold_text_have_no_length() -> None:
    """PostgreSQL needs none; forms and services say how long a text may be."""
    for table in TABLES:
        for column in table.columns:
            assert isinstance(column, Column)
            length = getattr(column.type, "length", None)
            assert length is None or type(column.type).__name__ == "Enum", f"{table.name}.{column.name}"

"""What a referral says, as plain data: kept as received, compared to find amendments, read to assess risk."""

import hashlib
import json
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from prevention.domain.referral import (
    Agrees,
    CapacityConcern,
    ContactConstraint,
    CurrentLocation,
    GivenAddress,
    GivenPerson,
    HouseholdFlag,
    LawfulBasis,
    ReceiveReferral,
    ReferralReason,
    SharingPreference,
    StaffSafety,
    Told,
)

Content = dict[str, Any]


def content_of(command: ReceiveReferral) -> Content:
    """What ``command`` says, as JSON-ready data; the same command always gives the same content."""
    return {
        "address": asdict(command.address),
        "person": asdict(command.person),
        "reasons": sorted(command.reasons),
        "narrative": command.narrative,
        "immediate_danger": command.immediate_danger,
        "concern_observed_at": command.concern_observed_at.isoformat() if command.concern_observed_at else None,
        "referrer_name": command.referrer_name,
        "referrer_team": command.referrer_team,
        "referrer_contact": command.referrer_contact,
        "feedback_to": command.feedback_to,
        "household_flags": sorted(command.household_flags),
        "current_location": command.current_location.value,
        "location_detail": command.location_detail,
        "told": command.told.value,
        "told_detail": command.told_detail,
        "agrees": command.agrees.value,
        "capacity_concern": command.capacity_concern.value,
        "lawful_basis": command.lawful_basis.value,
        "sharing_preference": command.sharing_preference.value,
        "staff_safety": sorted(command.staff_safety),
        "contact_constraints": sorted(command.contact_constraints),
        "confidential_address": command.confidential_address,
        "source_grade": command.source_grade,
        "source_grade_scheme": command.source_grade_scheme,
        "other_agencies_told": command.other_agencies_told,
        "suspect": command.suspect,
    }


def command_from(content: Content, command: ReceiveReferral) -> ReceiveReferral:
    """``command`` saying ``content`` instead of what it said; its identity and original columns stay."""
    return replace(
        command,
        concern_observed_at=_moment(content["concern_observed_at"]),
        address=GivenAddress(**content["address"]),
        person=GivenPerson(**content["person"]),
        reasons=frozenset(map(ReferralReason, content["reasons"])),
        narrative=content["narrative"],
        immediate_danger=content["immediate_danger"],
        referrer_name=content["referrer_name"],
        referrer_team=content["referrer_team"],
        referrer_contact=content["referrer_contact"],
        feedback_to=content["feedback_to"],
        household_flags=frozenset(map(HouseholdFlag, content["household_flags"])),
        current_location=CurrentLocation(content["current_location"]),
        location_detail=content["location_detail"],
        told=Told(content["told"]),
        told_detail=content["told_detail"],
        agrees=Agrees(content["agrees"]),
        capacity_concern=CapacityConcern(content["capacity_concern"]),
        lawful_basis=LawfulBasis(content["lawful_basis"]),
        sharing_preference=SharingPreference(content["sharing_preference"]),
        staff_safety=frozenset(map(StaffSafety, content["staff_safety"])),
        contact_constraints=frozenset(map(ContactConstraint, content["contact_constraints"])),
        confidential_address=content["confidential_address"],
        source_grade=content["source_grade"],
        source_grade_scheme=content["source_grade_scheme"],
        other_agencies_told=content["other_agencies_told"],
        suspect=content["suspect"],
    )


def hash_of(content: Content, original: dict[str, str]) -> str:
    """A digest of content and original columns: equal when the sender sent the same row again."""
    text = json.dumps([content, original], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def changes_between(before: Content, after: Content) -> dict[str, dict[str, Any]]:
    """The fields that differ, from what to what; parts of the person and the address are named one by one."""
    flat_before, flat_after = flat(before), flat(after)
    return {
        field: {"from": flat_before.get(field), "to": flat_after.get(field)}
        for field in sorted(flat_before.keys() | flat_after.keys())
        if flat_before.get(field) != flat_after.get(field)
    }


def flat(content: Content) -> Content:
    """``content`` with the parts of the person and the address side by side, as ``person.dob``."""
    side_by_side: Content = {}
    for field, value in content.items():
        if isinstance(value, dict):
            side_by_side.update({f"{field}.{part}": inner for part, inner in value.items()})
        else:
            side_by_side[field] = value
    return side_by_side


def with_fields(content: Content, fields: Content) -> Content:
    """``content`` in which each of ``fields``, named as by ``flat``, has its new value."""
    after = {name: dict(value) if isinstance(value, dict) else value for name, value in content.items()}
    for field, value in fields.items():
        group, _, part = field.partition(".")
        if part:
            after[group][part] = value
        else:
            after[group] = value
    return after


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

"""From what a visit found to risk factors, which earlier ones it settled, and what the next crew must know (domain.md
1.4 M and N)."""

from collections.abc import Collection
from uuid import UUID

from prevention.domain.agency import AgencyKind
from prevention.domain.behaviour import Behaviour
from prevention.domain.referral import HouseholdFlag, ReferralReason, StaffSafety
from prevention.domain.risk import FactorSource
from prevention.domain.risk_rules import Circumstance, Factor, FactorReason
from prevention.domain.visit import Component, ObservedRisk, VisitOutcome
from prevention.domain.visit_record import VisitRecord

#: Components whose level says that a factor is present or gone. Alarms, escape and arson are not among them: an alarm,
#: an answer or a threat says that, not the general level of the component.
_COMPONENT_FACTORS: dict[Component, FactorReason] = {
    Component.COOKING: ReferralReason.COOKING,
    Component.ELECTRICAL: ReferralReason.ELECTRICAL,
    Component.HEATING: ReferralReason.HEATING_FUEL_POVERTY,
    Component.SMOKING: ReferralReason.SMOKING_UNSAFE,
    Component.CANDLES_OPEN_FLAME: ReferralReason.CANDLES,
    Component.CLUTTER_HOARDING: ReferralReason.HOARDING,
    Component.CARBON_MONOXIDE: ReferralReason.CARBON_MONOXIDE,
    Component.BATTERIES_EBIKES: ReferralReason.EBIKE_BATTERY,
}

#: What a crew saw that the next one must know before the door (domain.md 1.10).
_WARNINGS: dict[Behaviour, tuple[StaffSafety, ...]] = {
    Behaviour.THREATS_TO_STAFF: (StaffSafety.AGGRESSION, StaffSafety.TWO_PERSON),
    Behaviour.WEAPONS_SEEN: (StaffSafety.POLICE_ATTEND, StaffSafety.TWO_PERSON),
    Behaviour.UNSAFE_VISITORS: (StaffSafety.TWO_PERSON,),
    Behaviour.CUCKOOING_SUSPECTED: (StaffSafety.TWO_PERSON,),
    Behaviour.DOG: (StaffSafety.DOG,),
    Behaviour.INFESTATION_OR_FILTH: (StaffSafety.INFECTION,),
    Behaviour.EXIT_BLOCKED: (StaffSafety.STRUCTURAL,),
}


def factors_from_visit(
    record: VisitRecord,
    agency_kind: AgencyKind | None = None,
    agency_name: str = "",
    referral_id: UUID | None = None,
) -> tuple[Factor, ...]:
    """The factors a visit found, each as seen on a visit and supplied by the visiting agency."""
    found: set[tuple[FactorReason, str, int | None]] = {
        (reason, item.label, None) for item in record.behaviours for reason in item.factors
    }
    for component, check in record.components.items():
        if component in _COMPONENT_FACTORS and check.risk_observed in {ObservedRisk.MEDIUM, ObservedRisk.HIGH}:
            found.add((_COMPONENT_FACTORS[component], component.label, None))
    found |= {(Circumstance.CLUTTER_RATED, room.label, rating) for room, rating in record.clutter.items()}
    if record.escape.can_leave_alone is False:
        found.add((ReferralReason.MOBILITY_ESCAPE, "", None))
    if (record.alarms or record.no_alarms_found) and not record.has_working_smoke_alarm:
        found.add((ReferralReason.NO_ALARM, "", None))
    people = record.people
    flags = {
        HouseholdFlag.AGED_65_OR_OVER: bool(people.aged_65_or_over),
        HouseholdFlag.DISABLED: bool(people.disabled),
        HouseholdFlag.CHILD_UNDER_5: bool(people.under_5),
        HouseholdFlag.LIVES_ALONE: people.lives_alone is True,
        HouseholdFlag.CARER_PRESENT: people.has_carer is True,
    }
    found |= {(flag, "", None) for flag, present in flags.items() if present}
    factors = (
        Factor(reason, FactorSource.VISIT_OBSERVED, agency_kind, agency_name, referral_id, detail, clutter)
        for reason, detail, clutter in found
        if clutter is None or 1 <= clutter <= 9
    )
    return tuple(sorted(factors, key=lambda factor: (factor.reason.value, factor.detail, factor.clutter or 0)))


def settled_by_visit(record: VisitRecord) -> frozenset[FactorReason]:
    """The factors that a completed visit showed not to hold, or put right: they no longer count afterwards.

    Only what the officer can know at the door: a smoke alarm that works, a component found with no risk, a resident
    who can get out alone, and the urgent call that the visit answered. Health and behaviour stay until somebody
    says otherwise. Nothing is settled by a visit that was not completed.
    """
    if record.outcome is not VisitOutcome.COMPLETED:
        return frozenset()
    settled: set[FactorReason] = {Circumstance.IMMEDIATE_DANGER, Circumstance.URGENT_ESCALATION}
    if record.has_working_smoke_alarm:
        settled.add(ReferralReason.NO_ALARM)
    if record.escape.can_leave_alone is True:
        settled |= {ReferralReason.MOBILITY_ESCAPE, Circumstance.BED_BOUND, Circumstance.NEEDS_HELP_TO_MOVE}
    for component, check in record.components.items():
        if component in _COMPONENT_FACTORS and check.risk_observed is ObservedRisk.NONE:
            settled.add(_COMPONENT_FACTORS[component])
            if component is Component.SMOKING:
                settled.add(ReferralReason.SMOKING_IN_BED)
    if record.clutter:
        settled |= {ReferralReason.HOARDING, Circumstance.CLUTTER_RATED}
    return frozenset(settled)


def warnings_from_visit(outcome: VisitOutcome | None, behaviours: Collection[Behaviour]) -> frozenset[StaffSafety]:
    """What a visit found that the next crew must know before the door. Where it was not safe, nobody goes alone."""
    found = {warning for item in behaviours for warning in _WARNINGS.get(item, ())}
    if outcome is VisitOutcome.NO_ACCESS_UNSAFE:
        found.add(StaffSafety.TWO_PERSON)
    return frozenset(found)

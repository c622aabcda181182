"""Why somebody is worried: the three agencies' words for each reason, and what their people write about the home.

``Reason`` carries the product's code (domain.md section 8), the three vocabularies of the shared extracts, how often
each agency speaks of it, and sentences: plain ones for fire and police, shorthand ones for ambulance crews.
"""

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from prevention.demonstration.generator.households import Shape
from prevention.domain.referral import ReferralReason as Code

AGENCIES = ("fire", "ambulance", "police")


class Reason(NamedTuple):
    """One reason; ``labels`` and ``weights`` are in the order of ``AGENCIES``."""

    code: Code
    labels: tuple[str, str, str]
    weights: tuple[int, int, int]
    plain: tuple[str, ...]
    crew: tuple[str, ...]


REASONS: tuple[Reason, ...] = (
    Reason(
        Code.NO_ALARM,
        ("No working smoke alarm", "no smoke alarm", "NO SMOKE DETECTION"),
        (20, 18, 4),
        (
            "No smoke alarm on any floor.",
            "The only alarm is in a drawer without its battery.",
            "Alarm in the {room} taken down {n} years ago and never put back.",
            "Smoke alarm pressed twice, no sound.",
            "Alarm bracket on the ceiling, no alarm in it.",
        ),
        ("nil smoke alarm seen o/a", "alarm hanging off ceiling, no battery", "pt says alarm came down {n} yrs ago"),
    ),
    Reason(
        Code.SMOKING_UNSAFE,
        ("Smoker - unsafe practice", "smoking", "SMOKING HAZARD"),
        (20, 2, 2),
        (
            "Burn marks on the carpet by the armchair.",
            "Ashtray overflowing on to newspapers in the {room}.",
            "Smokes about {n}0 a day indoors and drops the ends.",
            "Saucer of cigarette ends balanced on the arm of the sofa.",
            "{relative} says there are scorch holes in most clothes.",
        ),
        (
            "heavy smoker, burns to clothing",
            "smokes 40/day indoors, burn marks to carpet",
            "ash all over chair and floor",
        ),
    ),
    Reason(
        Code.SMOKING_IN_BED,
        ("Smokes in bed", "smokes in bed", "SMOKING IN BED"),
        (2, 20, 2),
        (
            "Cigarette burns on the duvet and the pillow.",
            "Says a last cigarette in bed helps with sleep.",
            "Mattress has {n} burn holes along one side.",
            "{relative} found a lit cigarette on the sheet this week.",
        ),
        ("smokes in bed, burn holes in duvet", "pt smoking in bed o/a", "cig burns to mattress and pillow"),
    ),
    Reason(
        Code.HOARDING,
        ("Hoarding / clutter", "hoarding", "HOARDING"),
        (22, 24, 26),
        (
            "Clutter about {clutter} on the picture scale in the {room}.",
            "One narrow path from the front door to the bed.",
            "Front door opens a hand's width, bags piled behind it.",
            "Newspapers to window height in the {room}.",
            "Second bedroom cannot be entered, boxes to the ceiling.",
        ),
        (
            "hoarded, CIR {clutter} {room}",
            "access by single path only, chair used +++",
            "clutter to window ht, stretcher no access",
        ),
    ),
    Reason(
        Code.HOME_OXYGEN,
        ("Home oxygen", "home O2", "OXYGEN"),
        (2, 18, 2),
        (
            "Oxygen concentrator stands next to the gas cooker.",
            "Oxygen tubing trails across the {room} to the hob.",
            "{n} spare oxygen cylinders kept in the hall cupboard.",
        ),
        (
            "on home O2 2L, tubing by hob",
            "concentrator in {room} next to heater",
            "LTOT, {n} spare cylinders in hallway",
        ),
    ),
    Reason(
        Code.AIRFLOW_MATTRESS,
        ("Air-flow mattress", "airflow mattress", "MEDICAL BED"),
        (3, 17, 2),
        (
            "Sleeps on an air-flow mattress, cannot turn over without help.",
            "Hospital bed with an air pump in the {room}.",
            "In bed day and night on a pressure mattress.",
        ),
        (
            "bed bound on air flow mattress",
            "pressure mattress, transfers hoist x2",
            "profiling bed + airflow, pump on extn lead",
        ),
    ),
    Reason(
        Code.EMOLLIENT,
        ("Emollient creams", "emollients", "SKIN CREAM"),
        (20, 20, 3),
        (
            "Skin cream used all over, bedding stiff with it.",
            "Large tubs of paraffin cream by the bed.",
            "Cream on clothes and chair, washed once a {period}.",
        ),
        (
            "emollients ++, soaked into bedding",
            "50:50 ointment all over, dressings saturated",
            "paraffin based cream tds",
        ),
    ),
    Reason(
        Code.MOBILITY_ESCAPE,
        ("Reduced mobility", "poor mobility", "MOBILITY"),
        (22, 20, 4),
        (
            "Walks with a frame and could not manage the stairs in a hurry.",
            "Needs one person to get out of the chair.",
            "Has not been down the stairs for {n} months.",
            "Wheelchair does not fit through the {room} door.",
        ),
        ("mob with ZF, stairs unsafe", "transfers AO1, would not get out alone", "hoist transfer, POC x4 daily"),
    ),
    Reason(
        Code.SENSORY_ALARM_NEED,
        ("Hearing / sight impairment", "deaf", "SENSORY IMPAIRMENT"),
        (19, 3, 3),
        (
            "Takes both hearing aids out at night and would not hear an alarm.",
            "Registered blind, moves round by touch.",
            "Deaf since childhood, uses British Sign Language.",
            "Did not hear us knock or ring for {n} minutes.",
        ),
        ("HOH ++, no aids at night", "profoundly deaf, BSL user", "reg blind, mob by touch"),
    ),
    Reason(
        Code.DEMENTIA_MEMORY,
        ("Dementia / memory loss", "dementia", "MEMORY / CONFUSION"),
        (5, 21, 21),
        (
            "Left the gas on unlit twice this {period}.",
            "Did not know what day it was or who had called.",
            "Found walking in the street at night in slippers.",
            "{relative} says pans are forgotten most days.",
        ),
        (
            "confused, gas hob left on x2 this wk",
            "known dementia, lives w/o support",
            "AMTS 4, ?new confusion, pans burnt dry",
        ),
    ),
    Reason(
        Code.MENTAL_HEALTH,
        ("Mental health", "MH", "MENTAL HEALTH"),
        (3, 2, 20),
        (
            "Very low since losing {relative_lower}, hardly eating.",
            "Has stopped seeing the mental health team.",
            "Says there are people living in the walls.",
            "Has not opened curtains or post for {n} weeks.",
        ),
        ("low mood, not coping since bereavement", "known CMHT, stopped meds", "anxious ++, not leaving {room}"),
    ),
    Reason(
        Code.ALCOHOL_DRUGS,
        ("Alcohol / drugs", "ETOH", "DRUGS/ALCOHOL"),
        (6, 21, 24),
        (
            "Empty bottles in the {room}, asleep with the cooker on.",
            "Drinks from the morning and cooks at night.",
            "{n} cans beside the chair and a pan boiled dry.",
            "Was drunk when we called and when we came back.",
        ),
        ("ETOH ++, asleep with pan on", "intoxicated, cooking o/a", "ETOH dependent, {n} falls this month"),
    ),
    Reason(
        Code.COOKING,
        ("Unsafe cooking", "cooking risk", "COOKING FIRE RISK"),
        (18, 3, 1),
        (
            "Chip pan on the hob, grease up the wall.",
            "Tea towels hang over the lit hob.",
            "Pans burnt black, {relative_lower} has put out {n} small fires.",
            "Cooks on a camping stove on the {room} floor.",
        ),
        ("chip pan in use, grease ++", "burnt pans x{n} in kitchen", "tea towels drying over hob"),
    ),
    Reason(
        Code.ELECTRICAL,
        ("Overloaded electrics", "electrics", "UNSAFE ELECTRICS"),
        (20, 2, 3),
        (
            "{n} extension leads plugged into one another under the rug.",
            "Socket in the {room} is scorched.",
            "Bare wires where the light switch was.",
            "Adaptor hot to the touch behind the television.",
        ),
        ("extn leads daisy chained in {room}", "scorched socket by bed", "exposed wiring in hall"),
    ),
    Reason(
        Code.EBIKE_BATTERY,
        ("E-bike / e-scooter charging", "e-bike", "E-SCOOTER BATTERY"),
        (22, 6, 25),
        (
            "Home-made e-bike battery charging by the front door.",
            "{n} e-scooters on charge in the only hallway.",
            "Delivery bikes charged overnight in the {room}.",
            "Battery bought online got hot and was put back on charge.",
        ),
        ("e-bike on charge blocking hallway", "{n} batteries charging in {room}", "scooter charging by only exit"),
    ),
    Reason(
        Code.HEATING_FUEL_POVERTY,
        ("Heating / fuel poverty", "cold home", "NO HEATING"),
        (21, 5, 22),
        (
            "Halogen heater a hand's width from the curtains.",
            "No heating, gas oven left open to warm the {room}.",
            "Prepayment meter empty for {n} days.",
            "Wears a coat indoors and burns wood in an old grate.",
        ),
        ("flat cold, halogen heater by bed", "no heating, oven door open for warmth", "meter empty {n}/7"),
    ),
    Reason(
        Code.PREVIOUS_FIRE_NEAR_MISS,
        ("Previous fire", "prev fire", "PREVIOUS FIRE"),
        (17, 2, 3),
        (
            "Small fire in the {room} {n} weeks ago, put out by a neighbour.",
            "Bin fire here last month.",
            "Scorched worktop from a pan fire nobody reported.",
            "{relative} put out a burning cushion.",
        ),
        ("prev fire in {room} {n}/52 ago", "scorched worktop, pan fire not reported"),
    ),
    Reason(
        Code.ARSON_THREAT,
        ("Threat of arson", "threats", "THREAT OF ARSON"),
        (4, 3, 18),
        (
            "Former partner has said petrol will come through the letterbox.",
            "Note through the door threatens to burn the flat.",
            "Threat to set the house alight after a dispute over money.",
            "Lit paper pushed through the letterbox on {day}.",
        ),
        ("pt reports threat to burn house down", "ex threatened petrol thro' letterbox"),
    ),
    Reason(
        Code.DOMESTIC_ABUSE,
        ("Domestic abuse - target hardening", "DA concern", "DOMESTIC ABUSE"),
        (2, 2, 20),
        (
            "Locks changed, afraid the former partner will come back.",
            "Moved here to get away, asks for no letters.",
            "Has a safety plan, would like the letterbox looked at.",
            "Frightened to open the door after dark.",
        ),
        ("DA disclosed on scene, partner out", "afraid of ex, locks changed"),
    ),
    Reason(
        Code.FRAUD_VICTIM,
        ("Scam victim", "scams", "FRAUD VICTIM"),
        (2, 2, 18),
        (
            "Handed {n},000 pounds to a caller who said he was from the bank.",
            "Still gets calls every day from the same people.",
            "Roofers took cash twice for work that was not needed.",
            "Believes a courier is coming for the bank card on {day}.",
        ),
        ("scam calls daily, lost savings", "?financial abuse, caller took bank card"),
    ),
    Reason(
        Code.BURGLARY_REPEAT,
        ("Repeat burglary", "burgled", "REPEAT BURGLARY"),
        (2, 3, 21),
        (
            "Broken into twice in {n} weeks through the rear door.",
            "Back window still boarded since the last burglary.",
            "Sleeps in the {room} with the lights on since the burglary.",
        ),
        ("burgled x2 recently, rear door insecure", "door does not lock since break in"),
    ),
    Reason(
        Code.FALLS,
        ("Falls", "falls", "FALLS"),
        (2, 18, 1),
        (
            "Has fallen {n} times since the clocks changed.",
            "Fell over the bags in the {room}.",
            "Bruised from a fall on the stairs.",
        ),
        (
            "fall {n} this month, long lie",
            "fell getting to kitchen, no injury, trip hazards ++",
            "NOF ruled out, falls ++",
        ),
    ),
    Reason(
        Code.FRAILTY,
        ("Frailty", "frail", "FRAIL ELDERLY"),
        (2, 18, 2),
        (
            "Very thin and slow, not managing the flat.",
            "Too weak to open the {room} window.",
            "{relative} does everything and is worn out.",
        ),
        ("frail, wt loss, not managing", "CFS 7, off legs, poor intake", "frail ++, nil POC"),
    ),
    Reason(
        Code.ISOLATION,
        ("Lives alone / isolated", "lives alone", "ISOLATED"),
        (26, 23, 25),
        (
            "Lives alone and sees nobody from one week to the next.",
            "{relative} lives abroad and rings at weekends.",
            "Neighbour has not seen anybody call for {n} months.",
            "No family nearby and does not go out.",
        ),
        ("lives alone, nil visitors", "no NOK, housebound", "socially isolated, {relative_lower} abroad"),
    ),
    Reason(
        Code.HIGH_INTENSITY_USER,
        ("Frequent caller", "HIU", "REPEAT CALLER"),
        (2, 20, 2),
        (
            "Rings for help most nights.",
            "Has called {n} times this {period} and is glad of the company.",
        ),
        ("{n}{n} calls to us this month", "HIU, known to freq caller team", "3rd crew this wk"),
    ),
    Reason(
        Code.SELF_NEGLECT,
        ("Self neglect", "self neglect", "SELF-NEGLECT"),
        (4, 22, 23),
        (
            "Spoiled food on every surface, will not have carers in.",
            "Has worn the same clothes for {n} weeks.",
            "No working toilet, flies in the {room}.",
            "Will not let anybody clean or wash.",
        ),
        ("unkempt, mouldy food, declining POC", "self neglect ++, flat soiled", "refusing carers, not washed {n}/52"),
    ),
    Reason(
        Code.CARBON_MONOXIDE,
        ("Carbon monoxide", "CO", "CO CONCERN"),
        (19, 3, 3),
        (
            "Boiler flame burns yellow, soot on the wall.",
            "Personal carbon monoxide alarm went off in the {room}.",
            "Heater in the {room} has no flue, everybody has headaches.",
        ),
        ("personal CO alarm activated on entry, {n}0 ppm", "headaches all family, ?CO, boiler sooty"),
    ),
)
_BY_CODE = {reason.code: reason for reason in REASONS}

#: More or less likely in a household, by its shape; 1 where nothing is said.
_OLD = {
    Code.FALLS: 4, Code.FRAILTY: 5, Code.DEMENTIA_MEMORY: 4, Code.MOBILITY_ESCAPE: 3, Code.AIRFLOW_MATTRESS: 3,
    Code.SENSORY_ALARM_NEED: 3, Code.EMOLLIENT: 2, Code.HOME_OXYGEN: 2, Code.FRAUD_VICTIM: 2, Code.EBIKE_BATTERY: 0,
}  # fmt: skip
_YOUNG = {
    Code.FALLS: 0, Code.FRAILTY: 0, Code.DEMENTIA_MEMORY: 0, Code.AIRFLOW_MATTRESS: 0, Code.HOME_OXYGEN: 0,
    Code.ISOLATION: 0, Code.EBIKE_BATTERY: 3, Code.DOMESTIC_ABUSE: 2, Code.COOKING: 2, Code.ELECTRICAL: 2,
}  # fmt: skip
_CARED_FOR = _OLD | {
    Code.ISOLATION: 0, Code.HEATING_FUEL_POVERTY: 0, Code.BURGLARY_REPEAT: 0, Code.DOMESTIC_ABUSE: 0, Code.HOARDING: 0,
    Code.NO_ALARM: 0, Code.COOKING: 0, Code.CARBON_MONOXIDE: 0,
}  # fmt: skip
_SHAPE_FACTORS: dict[Shape, dict[Code, int]] = {
    Shape.OLD_ALONE: _OLD | {Code.ISOLATION: 3},
    Shape.OLD_COUPLE: _OLD | {Code.ISOLATION: 0},
    Shape.FATHER_AND_SON: _OLD | {Code.ISOLATION: 0},
    Shape.CARE_HOME: _CARED_FOR,
    Shape.ALONE: {Code.FRAILTY: 0, Code.DEMENTIA_MEMORY: 0, Code.ALCOHOL_DRUGS: 2},
    Shape.THREE_GENERATIONS: {Code.ISOLATION: 0},
}

_SMOKING = frozenset({Code.SMOKING_UNSAFE, Code.SMOKING_IN_BED})
_WORSE_WITH_SMOKING = frozenset({Code.AIRFLOW_MATTRESS, Code.HOME_OXYGEN, Code.EMOLLIENT, Code.MOBILITY_ESCAPE})
_CANNOT_ESCAPE = frozenset({Code.MOBILITY_ESCAPE, Code.AIRFLOW_MATTRESS})

#: Combinations London grades very high (domain.md 1.2).
VERY_HIGH_COMBINATIONS: tuple[tuple[Code, ...], ...] = (
    (Code.ARSON_THREAT,),
    (Code.AIRFLOW_MATTRESS, Code.SMOKING_IN_BED, Code.MOBILITY_ESCAPE),
    (Code.HOME_OXYGEN, Code.SMOKING_UNSAFE),
    (Code.EMOLLIENT, Code.SMOKING_IN_BED, Code.MOBILITY_ESCAPE),
    (Code.NO_ALARM, Code.MOBILITY_ESCAPE),
)
#: What the two agencies say of the showcase household.
SHOWCASE_REASONS = (Code.AIRFLOW_MATTRESS, Code.SMOKING_IN_BED, Code.MOBILITY_ESCAPE)


def is_very_high(codes: Iterable[Code]) -> bool:
    """Whether London would grade these reasons together very high, or nearly so: errs on the high side (1.2)."""
    given = frozenset(codes)
    if Code.ARSON_THREAT in given:
        return True
    smokes = bool(given & _SMOKING) and bool(given & _WORSE_WITH_SMOKING)
    return smokes or (Code.NO_ALARM in given and bool(given & _CANNOT_ESCAPE))


def _weights(shape: Shape, agency: int) -> tuple[int, ...]:
    factors = _SHAPE_FACTORS.get(shape, _YOUNG)
    return tuple(reason.weights[agency] * factors.get(reason.code, 1) for reason in REASONS)


_WEIGHTS = {(shape, agency): _weights(shape, place) for shape in Shape for place, agency in enumerate(AGENCIES)}


def true_reasons(rng: Random, shape: Shape, agency: str) -> tuple[Code, ...]:
    """What is the matter in a home of this shape, seen first by ``agency``: two to five reasons, not very high."""
    drawn = rng.choices(REASONS, _WEIGHTS[shape, agency], k=rng.choice((3, 4, 4, 5, 6)))
    kept: list[Code] = []
    for reason in drawn:
        if reason.code not in kept and not is_very_high((*kept, reason.code)):
            kept.append(reason.code)
    return tuple(kept) or (Code.HOARDING,)


def seen_reasons(rng: Random, truth: tuple[Code, ...], agency: str) -> tuple[Code, ...]:
    """The part of the truth this agency's people notice: one to four reasons, what they look for first."""
    place = AGENCIES.index(agency)
    ranked = sorted(truth, key=lambda code: -_BY_CODE[code].weights[place] * rng.random())
    return tuple(ranked[: rng.choice((1, 2, 2, 2, 3, 3, 4))])


def label(code: Code, agency: str) -> str:
    """The agency's own word for a reason."""
    return _BY_CODE[code].labels[AGENCIES.index(agency)]


_SLOTS = {
    "room": ("kitchen", "hallway", "living room", "bedroom", "front room", "box room"),
    "relative": ("Son", "Daughter", "Neighbour", "Sister", "Brother", "Niece", "Grandson", "Wife", "Friend"),
    "relative_lower": ("son", "daughter", "neighbour", "sister", "brother", "niece", "grandson"),
    "period": ("week", "fortnight", "month"),
    "n": ("2", "3", "4", "5", "6"),
    "clutter": ("5", "6", "7", "8"),
    "day": ("Monday", "Tuesday", "Friday night", "Sunday"),
}
_CLOSINGS = (
    "Would like a visit in the morning.", "Happy for somebody to come.", "Please ring before calling.",
    "Carer comes at 9 and 6.", "Dog in the property, friendly.", "Key safe by the door, carers have the code.",
    "Knock loudly.", "Entry phone is broken.", "Speaks little English, {relative_lower} can interpret.",
    "Parking in the side road.", "Housing officer knows.", "GP surgery has been told.",
)  # fmt: skip


def narrative(rng: Random, codes: tuple[Code, ...], agency: str, *, always: bool = False) -> str:
    """A few sentences about the home, in the agency's manner; now and then nothing at all unless ``always``."""
    if not always and rng.random() < 0.02:
        return ""
    crew = agency == "ambulance" and rng.random() < 0.7
    parts = [_fill(rng, rng.choice(_BY_CODE[code].crew if crew else _BY_CODE[code].plain)) for code in codes]
    if crew:
        return ". ".join(parts) + rng.choice((".", "", ". SG raised.", ". GP informed."))
    if rng.random() < 0.3:
        parts.append(_fill(rng, rng.choice(_CLOSINGS)))
    return " ".join(parts)


def _fill(rng: Random, sentence: str) -> str:
    if "{" not in sentence:
        return sentence
    return sentence.format_map({slot: rng.choice(words) for slot, words in _SLOTS.items()})

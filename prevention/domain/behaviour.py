"""What an officer may see or be told in a home: coded, grouped by topic (domain.md 1.4 E, F and H).

Functional phrases, never a diagnosis. Each behaviour names the risk factors it stands for, if any.
"""

from enum import StrEnum

from prevention.domain.referral import ReferralReason
from prevention.domain.risk_rules import Circumstance, FactorReason


class Topic(StrEnum):
    """The group a behaviour is shown under."""

    IGNITION = "IGNITION"
    HEATING = "HEATING"
    SMOKING = "SMOKING"
    ESCAPE = "ESCAPE"
    MOBILITY = "MOBILITY"
    CARE = "CARE"
    FIRE_LOAD = "FIRE_LOAD"
    MEDICAL = "MEDICAL"
    SUBSTANCES = "SUBSTANCES"
    ENVIRONMENT = "ENVIRONMENT"
    ARSON = "ARSON"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "IGNITION": "Cooking, candles and electrics",
            "ESCAPE": "Getting out",
            "MOBILITY": "Moving about and reacting",
            "CARE": "Care and support",
            "FIRE_LOAD": "What could burn",
            "MEDICAL": "Medical devices and creams",
            "SUBSTANCES": "Alcohol and drugs",
            "ENVIRONMENT": "The home and who visits",
            "ARSON": "Arson and deliberate fire",
        }.get(self.value, self.value.capitalize())


class Behaviour(StrEnum):
    """One thing seen or told."""

    UNATTENDED_COOKING = "UNATTENDED_COOKING"
    CHIP_PAN = "CHIP_PAN"
    COOKS_HEALTH_AFFECTS = "COOKS_HEALTH_AFFECTS"
    MEALS_BY_OTHERS = "MEALS_BY_OTHERS"
    FIRE_IN_LAST_YEAR = "FIRE_IN_LAST_YEAR"
    CANDLES_UNATTENDED = "CANDLES_UNATTENDED"
    OPEN_FLAME_USE = "OPEN_FLAME_USE"
    DAMAGED_CABLES = "DAMAGED_CABLES"
    OVERLOADED_SOCKETS = "OVERLOADED_SOCKETS"
    DIY_WIRING = "DIY_WIRING"
    FAULTY_WHITE_GOODS = "FAULTY_WHITE_GOODS"
    RECALLED_APPLIANCE = "RECALLED_APPLIANCE"
    ELECTRIC_BLANKET_WORN = "ELECTRIC_BLANKET_WORN"
    EBIKE_CHARGING = "EBIKE_CHARGING"
    CANNABIS_CULTIVATION_SIGNS = "CANNABIS_CULTIVATION_SIGNS"
    CENTRAL_HEATING = "CENTRAL_HEATING"
    MULTIPLE_SPACE_HEATERS = "MULTIPLE_SPACE_HEATERS"
    HEATER_NEAR_COMBUSTIBLES = "HEATER_NEAR_COMBUSTIBLES"
    PORTABLE_ELECTRIC_HEATER = "PORTABLE_ELECTRIC_HEATER"
    HALOGEN_HEATER = "HALOGEN_HEATER"
    GAS_OR_LPG_HEATER = "GAS_OR_LPG_HEATER"
    PARAFFIN_HEATER = "PARAFFIN_HEATER"
    SOLID_FUEL = "SOLID_FUEL"
    OPEN_FIRE_NO_GUARD = "OPEN_FIRE_NO_GUARD"
    NO_HEATING_OR_CANNOT_AFFORD = "NO_HEATING_OR_CANNOT_AFFORD"
    HEAVY_INDOOR_SMOKING = "HEAVY_INDOOR_SMOKING"
    SMOKING_IN_BED = "SMOKING_IN_BED"
    UNSAFE_ASHTRAY = "UNSAFE_ASHTRAY"
    BURN_MARKS = "BURN_MARKS"
    OXYGEN_AND_SMOKING = "OXYGEN_AND_SMOKING"
    EMOLLIENT_AND_SMOKING = "EMOLLIENT_AND_SMOKING"
    VAPE_CHARGING = "VAPE_CHARGING"
    EXIT_BLOCKED = "EXIT_BLOCKED"
    EXIT_PARTLY_BLOCKED = "EXIT_PARTLY_BLOCKED"
    KEYS_NOT_TO_HAND = "KEYS_NOT_TO_HAND"
    SECURITY_GRILLE = "SECURITY_GRILLE"
    MOBILITY_SCOOTER_IN_ROUTE = "MOBILITY_SCOOTER_IN_ROUTE"
    PETS_OR_CAGES_IN_ROUTE = "PETS_OR_CAGES_IN_ROUTE"
    TRIP_HAZARDS = "TRIP_HAZARDS"
    POOR_LIGHTING = "POOR_LIGHTING"
    DOORS_LEFT_OPEN_AT_NIGHT = "DOORS_LEFT_OPEN_AT_NIGHT"
    WALKING_AID = "WALKING_AID"
    WALKING_AID_UNAWARE = "WALKING_AID_UNAWARE"
    NEEDS_HELP_OF_ONE = "NEEDS_HELP_OF_ONE"
    NEEDS_HELP_OF_TWO = "NEEDS_HELP_OF_TWO"
    HOIST = "HOIST"
    CARED_FOR_IN_BED = "CARED_FOR_IN_BED"
    MAY_NOT_HEAR_ALARM = "MAY_NOT_HEAR_ALARM"
    MAY_NOT_SEE_SMOKE = "MAY_NOT_SEE_SMOKE"
    MAY_NOT_WAKE_OR_REACT = "MAY_NOT_WAKE_OR_REACT"
    DOES_NOT_RETAIN_INSTRUCTIONS = "DOES_NOT_RETAIN_INSTRUCTIONS"
    SUPPORT_NOT_ENOUGH = "SUPPORT_NOT_ENOUGH"
    NO_SUPPORT_CONCERNS = "NO_SUPPORT_CONCERNS"
    NO_SUPPORT_SIGNIFICANT = "NO_SUPPORT_SIGNIFICANT"
    COMBUSTIBLE_LOAD_HIGH = "COMBUSTIBLE_LOAD_HIGH"
    PATHWAYS_NARROWED = "PATHWAYS_NARROWED"
    DOORS_BLOCKED = "DOORS_BLOCKED"
    FLAMMABLE_LIQUIDS = "FLAMMABLE_LIQUIDS"
    OXYGEN_IN_USE = "OXYGEN_IN_USE"
    OXYGEN_NEAR_HOB = "OXYGEN_NEAR_HOB"
    OXYGEN_TUBING_TRAILING = "OXYGEN_TUBING_TRAILING"
    OXYGEN_EXCESS_STORAGE = "OXYGEN_EXCESS_STORAGE"
    AIRFLOW_MATTRESS = "AIRFLOW_MATTRESS"
    EMOLLIENTS = "EMOLLIENTS"
    INCONTINENCE_PADS = "INCONTINENCE_PADS"
    POWERED_BED = "POWERED_BED"
    ALCOHOL = "ALCOHOL"
    DRUGS = "DRUGS"
    SEDATING_MEDICINES = "SEDATING_MEDICINES"
    SELF_NEGLECT = "SELF_NEGLECT"
    INFESTATION_OR_FILTH = "INFESTATION_OR_FILTH"
    OVERCROWDING = "OVERCROWDING"
    DOG = "DOG"
    ASB = "ASB"
    CUCKOOING_SUSPECTED = "CUCKOOING_SUSPECTED"
    UNSAFE_VISITORS = "UNSAFE_VISITORS"
    DRUG_PARAPHERNALIA = "DRUG_PARAPHERNALIA"
    WEAPONS_SEEN = "WEAPONS_SEEN"
    THREATS_TO_STAFF = "THREATS_TO_STAFF"
    ARSON_THREAT_MADE = "ARSON_THREAT_MADE"
    LETTERBOX_UNPROTECTED = "LETTERBOX_UNPROTECTED"
    BINS_AGAINST_HOME = "BINS_AGAINST_HOME"
    FIRE_SETTING = "FIRE_SETTING"

    @property
    def topic(self) -> Topic:
        """The group it is shown under."""
        return _ABOUT[self][0]

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return _ABOUT[self][1]

    @property
    def factors(self) -> tuple[FactorReason, ...]:
        """The risk factors it stands for; none when it raises no risk of fire by itself."""
        return _ABOUT[self][2]


B = Behaviour
R = ReferralReason
C = Circumstance

_ABOUT: dict[Behaviour, tuple[Topic, str, tuple[FactorReason, ...]]] = {
    B.UNATTENDED_COOKING: (Topic.IGNITION, "Cooking left alone", (R.COOKING,)),
    B.CHIP_PAN: (Topic.IGNITION, "Chip pan", (R.COOKING,)),
    B.COOKS_HEALTH_AFFECTS: (Topic.IGNITION, "Cooks, and health may affect safety", (C.COOKS_HEALTH_AFFECTS,)),
    B.MEALS_BY_OTHERS: (Topic.IGNITION, "Others cook for the resident", (C.MEALS_BY_OTHERS,)),
    B.FIRE_IN_LAST_YEAR: (Topic.IGNITION, "A fire in the last 12 months", (C.FIRE_IN_LAST_YEAR,)),
    B.CANDLES_UNATTENDED: (Topic.IGNITION, "Candles or incense left alone", (R.CANDLES,)),
    B.OPEN_FLAME_USE: (Topic.IGNITION, "Other open flame", (R.CANDLES,)),
    B.DAMAGED_CABLES: (Topic.IGNITION, "Damaged cables", (R.ELECTRICAL,)),
    B.OVERLOADED_SOCKETS: (Topic.IGNITION, "Overloaded sockets", (R.ELECTRICAL,)),
    B.DIY_WIRING: (Topic.IGNITION, "Do-it-yourself wiring", (R.ELECTRICAL,)),
    B.FAULTY_WHITE_GOODS: (Topic.IGNITION, "Faulty white goods", (R.ELECTRICAL,)),
    B.RECALLED_APPLIANCE: (Topic.IGNITION, "Recalled appliance", (R.ELECTRICAL,)),
    B.ELECTRIC_BLANKET_WORN: (Topic.IGNITION, "Worn electric blanket", (R.ELECTRICAL,)),
    B.EBIKE_CHARGING: (Topic.IGNITION, "E-bike or e-scooter charging", (R.EBIKE_BATTERY,)),
    B.CANNABIS_CULTIVATION_SIGNS: (Topic.IGNITION, "Signs of cannabis growing", (R.ELECTRICAL,)),
    B.CENTRAL_HEATING: (Topic.HEATING, "Central heating", ()),
    B.MULTIPLE_SPACE_HEATERS: (Topic.HEATING, "Several portable heaters", (R.HEATING_FUEL_POVERTY,)),
    B.HEATER_NEAR_COMBUSTIBLES: (Topic.HEATING, "Heater near things that burn", (R.HEATING_FUEL_POVERTY,)),
    B.PORTABLE_ELECTRIC_HEATER: (Topic.HEATING, "Portable electric heater", ()),
    B.HALOGEN_HEATER: (Topic.HEATING, "Halogen heater", (R.HEATING_FUEL_POVERTY,)),
    B.GAS_OR_LPG_HEATER: (Topic.HEATING, "Gas or bottled gas heater", (R.HEATING_FUEL_POVERTY,)),
    B.PARAFFIN_HEATER: (Topic.HEATING, "Paraffin or oil heater", (R.HEATING_FUEL_POVERTY,)),
    B.SOLID_FUEL: (Topic.HEATING, "Wood or coal fire", ()),
    B.OPEN_FIRE_NO_GUARD: (Topic.HEATING, "Open fire without a guard", (R.HEATING_FUEL_POVERTY,)),
    B.NO_HEATING_OR_CANNOT_AFFORD: (Topic.HEATING, "No heating, or cannot afford it", (R.HEATING_FUEL_POVERTY,)),
    B.HEAVY_INDOOR_SMOKING: (Topic.SMOKING, "Smokes indoors", (R.SMOKING_UNSAFE,)),
    B.SMOKING_IN_BED: (Topic.SMOKING, "Smokes in bed", (R.SMOKING_IN_BED,)),
    B.UNSAFE_ASHTRAY: (Topic.SMOKING, "Unsafe ashtray", (R.SMOKING_UNSAFE,)),
    B.BURN_MARKS: (Topic.SMOKING, "Burn marks on carpet, bedding or clothes", (R.PREVIOUS_FIRE_NEAR_MISS,)),
    B.OXYGEN_AND_SMOKING: (Topic.SMOKING, "Smoking where oxygen is used", (R.SMOKING_UNSAFE, R.HOME_OXYGEN)),
    B.EMOLLIENT_AND_SMOKING: (Topic.SMOKING, "Smoking while using skin creams", (R.SMOKING_UNSAFE, R.EMOLLIENT)),
    B.VAPE_CHARGING: (Topic.SMOKING, "Vape left charging", (R.EBIKE_BATTERY,)),
    B.EXIT_BLOCKED: (Topic.ESCAPE, "A way out is blocked", (R.HOARDING,)),
    B.EXIT_PARTLY_BLOCKED: (Topic.ESCAPE, "A way out is partly blocked", ()),
    B.KEYS_NOT_TO_HAND: (Topic.ESCAPE, "Keys are not to hand", ()),
    B.SECURITY_GRILLE: (Topic.ESCAPE, "Security grille", ()),
    B.MOBILITY_SCOOTER_IN_ROUTE: (Topic.ESCAPE, "Mobility scooter in the way out", (R.EBIKE_BATTERY,)),
    B.PETS_OR_CAGES_IN_ROUTE: (Topic.ESCAPE, "Pets or cages in the way out", ()),
    B.TRIP_HAZARDS: (Topic.ESCAPE, "Things to trip over", ()),
    B.POOR_LIGHTING: (Topic.ESCAPE, "Poor lighting", ()),
    B.DOORS_LEFT_OPEN_AT_NIGHT: (Topic.ESCAPE, "Doors left open at night", ()),
    B.WALKING_AID: (Topic.MOBILITY, "Uses a walking aid", (C.WALKING_AID,)),
    B.WALKING_AID_UNAWARE: (Topic.MOBILITY, "Uses an aid, not aware of their limits", (C.WALKING_AID_UNAWARE,)),
    B.NEEDS_HELP_OF_ONE: (Topic.MOBILITY, "Needs one person's help to move", (C.NEEDS_HELP_TO_MOVE,)),
    B.NEEDS_HELP_OF_TWO: (Topic.MOBILITY, "Needs two people's help to move", (C.NEEDS_HELP_TO_MOVE,)),
    B.HOIST: (Topic.MOBILITY, "Moved with a hoist", (C.BED_BOUND,)),
    B.CARED_FOR_IN_BED: (Topic.MOBILITY, "Cared for in bed", (C.BED_BOUND,)),
    B.MAY_NOT_HEAR_ALARM: (Topic.MOBILITY, "May not hear an alarm", (R.SENSORY_ALARM_NEED,)),
    B.MAY_NOT_SEE_SMOKE: (Topic.MOBILITY, "May not see smoke or the way out", (R.SENSORY_ALARM_NEED,)),
    B.MAY_NOT_WAKE_OR_REACT: (Topic.MOBILITY, "May not wake or react to an alarm", (R.SENSORY_ALARM_NEED,)),
    B.DOES_NOT_RETAIN_INSTRUCTIONS: (Topic.MOBILITY, "Does not keep advice in mind", (R.DEMENTIA_MEMORY,)),
    B.SUPPORT_NOT_ENOUGH: (Topic.CARE, "Care or support is not enough", (R.CARER_CONCERN,)),
    B.NO_SUPPORT_CONCERNS: (Topic.CARE, "No support, and there are concerns", (C.NO_SUPPORT_CONCERNS,)),
    B.NO_SUPPORT_SIGNIFICANT: (
        Topic.CARE,
        "No support, and there are significant concerns",
        (C.NO_SUPPORT_SIGNIFICANT,),
    ),
    B.COMBUSTIBLE_LOAD_HIGH: (Topic.FIRE_LOAD, "A lot that could burn", (R.HOARDING,)),
    B.PATHWAYS_NARROWED: (Topic.FIRE_LOAD, "Narrow paths through the rooms", (R.HOARDING,)),
    B.DOORS_BLOCKED: (Topic.FIRE_LOAD, "Doors blocked by belongings", (R.HOARDING,)),
    B.FLAMMABLE_LIQUIDS: (Topic.FIRE_LOAD, "Flammable liquids", ()),
    B.OXYGEN_IN_USE: (Topic.MEDICAL, "Home oxygen", (R.HOME_OXYGEN,)),
    B.OXYGEN_NEAR_HOB: (Topic.MEDICAL, "Oxygen near the hob", (R.HOME_OXYGEN, R.COOKING)),
    B.OXYGEN_TUBING_TRAILING: (Topic.MEDICAL, "Trailing oxygen tubing", (R.HOME_OXYGEN,)),
    B.OXYGEN_EXCESS_STORAGE: (Topic.MEDICAL, "More oxygen stored than needed", (R.HOME_OXYGEN,)),
    B.AIRFLOW_MATTRESS: (Topic.MEDICAL, "Air-flow mattress", (R.AIRFLOW_MATTRESS,)),
    B.EMOLLIENTS: (Topic.MEDICAL, "Skin creams (emollients)", (R.EMOLLIENT,)),
    B.INCONTINENCE_PADS: (Topic.MEDICAL, "Pads stored or used", ()),
    B.POWERED_BED: (Topic.MEDICAL, "Powered bed or chair", ()),
    B.ALCOHOL: (Topic.SUBSTANCES, "Alcohol", (R.ALCOHOL_DRUGS,)),
    B.DRUGS: (Topic.SUBSTANCES, "Drugs", (R.ALCOHOL_DRUGS,)),
    B.SEDATING_MEDICINES: (Topic.SUBSTANCES, "Medicines that make sleepy", (R.ALCOHOL_DRUGS,)),
    B.SELF_NEGLECT: (Topic.ENVIRONMENT, "Self-neglect", (R.SELF_NEGLECT,)),
    B.INFESTATION_OR_FILTH: (Topic.ENVIRONMENT, "Infestation or filth", (R.SELF_NEGLECT,)),
    B.OVERCROWDING: (Topic.ENVIRONMENT, "Overcrowding", ()),
    B.DOG: (Topic.ENVIRONMENT, "A dog, or another animal that may attack", ()),
    B.ASB: (Topic.ENVIRONMENT, "Anti-social behaviour", (R.ASB,)),
    B.CUCKOOING_SUSPECTED: (Topic.ENVIRONMENT, "Others may have taken over the home", ()),
    B.UNSAFE_VISITORS: (Topic.ENVIRONMENT, "Visitors who may do harm", ()),
    B.DRUG_PARAPHERNALIA: (Topic.ENVIRONMENT, "Drug equipment seen", (R.ALCOHOL_DRUGS,)),
    B.WEAPONS_SEEN: (Topic.ENVIRONMENT, "Weapons seen", ()),
    B.THREATS_TO_STAFF: (Topic.ENVIRONMENT, "Threats to staff", ()),
    B.ARSON_THREAT_MADE: (Topic.ARSON, "A threat of fire was made", (R.ARSON_THREAT,)),
    B.LETTERBOX_UNPROTECTED: (Topic.ARSON, "Letterbox is not protected", ()),
    B.BINS_AGAINST_HOME: (Topic.ARSON, "Bins or rubbish against the home", ()),
    B.FIRE_SETTING: (Topic.ARSON, "Someone in the home sets fires", (R.FIRESETTING,)),
}

del B, R, C


class Wellbeing(StrEnum):
    """Safe and well topics talked about (domain.md 1.4 H). A talk, not a finding: nothing here is a diagnosis."""

    FALLS = "FALLS"
    FRAILTY = "FRAILTY"
    LONELINESS = "LONELINESS"
    COLD_HOME = "COLD_HOME"
    SMOKING_ADVICE = "SMOKING_ADVICE"
    ALCOHOL_ADVICE = "ALCOHOL_ADVICE"
    VACCINATION_REMINDER = "VACCINATION_REMINDER"
    HYDRATION = "HYDRATION"
    SCAMS = "SCAMS"
    HOME_SECURITY = "HOME_SECURITY"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "FALLS": "Falls and trips",
            "COLD_HOME": "Cold home or fuel bills",
            "SMOKING_ADVICE": "Help to stop smoking",
            "ALCOHOL_ADVICE": "Alcohol",
            "VACCINATION_REMINDER": "Flu and other vaccinations",
            "HYDRATION": "Drinking enough",
            "SCAMS": "Scams and fraud",
            "HOME_SECURITY": "Home security",
        }.get(self.value, self.value.capitalize())


def behaviours_by_topic() -> dict[Topic, tuple[Behaviour, ...]]:
    """Every behaviour under its topic, in the order of the form."""
    return {topic: tuple(item for item in Behaviour if item.topic is topic) for topic in Topic}

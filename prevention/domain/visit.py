"""Visits: codes of domain.md 1.3 to 1.8."""

from enum import StrEnum


def _spoken(value: str) -> str:
    return value.replace("_", " ").capitalize()


class VisitType(StrEnum):
    """What kind of visit (domain.md 1.4 A)."""

    HFSV = "HFSV"
    SAFE_AND_WELL = "SAFE_AND_WELL"
    HOT_STRIKE = "HOT_STRIKE"
    FOLLOW_UP = "FOLLOW_UP"
    EQUIPMENT_FIT_ONLY = "EQUIPMENT_FIT_ONLY"
    TELEPHONE = "TELEPHONE"
    CRIME_PREVENTION = "CRIME_PREVENTION"
    FRAUD_VICTIM = "FRAUD_VICTIM"
    TARGET_HARDENING = "TARGET_HARDENING"
    WELFARE_CHECK = "WELFARE_CHECK"
    JOINT = "JOINT"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {"HFSV": "Home fire safety visit", "SAFE_AND_WELL": "Safe and well visit"}.get(
            self.value, _spoken(self.value)
        )


class VisitState(StrEnum):
    """Where a visit stands. Interrupted visits resume where they stopped (domain.md 1.1)."""

    BOOKED = "BOOKED"
    STARTED = "STARTED"
    INTERRUPTED = "INTERRUPTED"
    FINISHED = "FINISHED"
    CANCELLED = "CANCELLED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return _spoken(self.value)


#: The states of a visit that has still to be made, or made to its end.
OPEN_VISIT_STATES = (VisitState.BOOKED, VisitState.STARTED, VisitState.INTERRUPTED)

#: From each state, the states a visit may move to. BOOKED from STARTED takes back a start by mistake; BOOKED from
#: INTERRUPTED gives a visit that an emergency cut short another time, with what was recorded.
VISIT_TRANSITIONS: dict[VisitState, frozenset[VisitState]] = {
    VisitState.BOOKED: frozenset({VisitState.STARTED, VisitState.FINISHED, VisitState.CANCELLED, VisitState.BOOKED}),
    VisitState.STARTED: frozenset({VisitState.INTERRUPTED, VisitState.FINISHED, VisitState.BOOKED}),
    VisitState.INTERRUPTED: frozenset(
        {VisitState.STARTED, VisitState.FINISHED, VisitState.CANCELLED, VisitState.BOOKED}
    ),
    VisitState.FINISHED: frozenset(),
    VisitState.CANCELLED: frozenset(),
}


class VisitOutcome(StrEnum):
    """Outcome codes of domain.md 1.7."""

    COMPLETED = "COMPLETED"
    COMPLETED_PARTIAL = "COMPLETED_PARTIAL"
    REFUSED_AT_DOOR = "REFUSED_AT_DOOR"
    REFUSED_BY_PHONE = "REFUSED_BY_PHONE"
    NO_ACCESS_NO_REPLY = "NO_ACCESS_NO_REPLY"
    NO_ACCESS_UNSAFE = "NO_ACCESS_UNSAFE"
    NOT_CONTACTABLE = "NOT_CONTACTABLE"
    MOVED_AWAY = "MOVED_AWAY"
    DECEASED = "DECEASED"
    HOSPITAL_OR_RESPITE = "HOSPITAL_OR_RESPITE"
    WRONG_ADDRESS = "WRONG_ADDRESS"
    VACANT_OR_DEMOLISHED = "VACANT_OR_DEMOLISHED"
    ALREADY_VISITED = "ALREADY_VISITED"
    DUPLICATE = "DUPLICATE"
    NOT_ELIGIBLE_LOW_RISK = "NOT_ELIGIBLE_LOW_RISK"
    REDIRECTED_OUT_OF_AREA = "REDIRECTED_OUT_OF_AREA"
    CANCELLED_BY_RESIDENT = "CANCELLED_BY_RESIDENT"
    CANCELLED_BY_SERVICE = "CANCELLED_BY_SERVICE"
    LANDLORD_RESPONSIBLE = "LANDLORD_RESPONSIBLE"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "COMPLETED": "Visit completed",
            "COMPLETED_PARTIAL": "Partly done, need to return",
            "NO_ACCESS_NO_REPLY": "No reply",
            "NO_ACCESS_UNSAFE": "Not safe to go in",
            "HOSPITAL_OR_RESPITE": "In hospital or respite",
            "NOT_ELIGIBLE_LOW_RISK": "Low risk, advice only",
        }.get(self.value, _spoken(self.value))


class Component(StrEnum):
    """Person-centred components (domain.md 1.3)."""

    DETECTION = "DETECTION"
    ESCAPE_PLAN = "ESCAPE_PLAN"
    COOKING = "COOKING"
    ELECTRICAL = "ELECTRICAL"
    HEATING = "HEATING"
    SMOKING = "SMOKING"
    CANDLES_OPEN_FLAME = "CANDLES_OPEN_FLAME"
    CLUTTER_HOARDING = "CLUTTER_HOARDING"
    MEDICAL_DEVICES_EMOLLIENTS = "MEDICAL_DEVICES_EMOLLIENTS"
    ARSON_DELIBERATE = "ARSON_DELIBERATE"
    CARBON_MONOXIDE = "CARBON_MONOXIDE"
    BATTERIES_EBIKES = "BATTERIES_EBIKES"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "DETECTION": "Smoke and heat alarms",
            "CANDLES_OPEN_FLAME": "Candles and open flame",
            "CLUTTER_HOARDING": "Clutter and hoarding",
            "MEDICAL_DEVICES_EMOLLIENTS": "Medical devices and creams",
            "ARSON_DELIBERATE": "Arson and deliberate fire",
            "BATTERIES_EBIKES": "Batteries and e-bikes",
        }.get(self.value, _spoken(self.value))


class AlarmType(StrEnum):
    """Alarm types (domain.md 1.4 D)."""

    SMOKE_OPTICAL = "SMOKE_OPTICAL"
    SMOKE_IONISATION = "SMOKE_IONISATION"
    HEAT = "HEAT"
    CO = "CO"
    COMBINED = "COMBINED"
    MULTISENSOR = "MULTISENSOR"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "SMOKE_OPTICAL": "Smoke (optical)",
            "SMOKE_IONISATION": "Smoke (ionisation)",
            "CO": "Carbon monoxide",
        }.get(self.value, _spoken(self.value))


class AlarmPower(StrEnum):
    """How an alarm is powered."""

    BATTERY_REPLACEABLE = "BATTERY_REPLACEABLE"
    SEALED_10YR = "SEALED_10YR"
    MAINS = "MAINS"
    MAINS_BACKUP = "MAINS_BACKUP"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {"SEALED_10YR": "Sealed ten-year battery", "MAINS_BACKUP": "Mains with battery"}.get(
            self.value, _spoken(self.value)
        )


class Room(StrEnum):
    """Rooms: clutter and alarms are recorded per room."""

    HALL = "HALL"
    LANDING = "LANDING"
    LIVING_ROOM = "LIVING_ROOM"
    KITCHEN = "KITCHEN"
    BEDROOM_1 = "BEDROOM_1"
    BEDROOM_2 = "BEDROOM_2"
    BEDROOM_3 = "BEDROOM_3"
    BATHROOM = "BATHROOM"
    OTHER = "OTHER"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return _spoken(self.value)


class Equipment(StrEnum):
    """Equipment catalogue (domain.md 1.6)."""

    SMOKE_ALARM_SEALED_10YR = "SMOKE_ALARM_SEALED_10YR"
    HEAT_ALARM = "HEAT_ALARM"
    CO_ALARM = "CO_ALARM"
    HEARING_IMPAIRED_KIT = "HEARING_IMPAIRED_KIT"
    TELECARE_LINKED_DETECTOR = "TELECARE_LINKED_DETECTOR"
    FIRE_RETARDANT_BEDDING = "FIRE_RETARDANT_BEDDING"
    FIRE_RETARDANT_THROW = "FIRE_RETARDANT_THROW"
    ARSON_PROOF_LETTERBOX = "ARSON_PROOF_LETTERBOX"
    LETTERBOX_BLANKING_PLATE = "LETTERBOX_BLANKING_PLATE"
    METAL_MAILBOX = "METAL_MAILBOX"
    PORTABLE_MISTING_SYSTEM = "PORTABLE_MISTING_SYSTEM"
    SAFER_ASHTRAY = "SAFER_ASHTRAY"
    DEEP_FAT_FRYER_EXCHANGE = "DEEP_FAT_FRYER_EXCHANGE"
    OIL_FILLED_RADIATOR = "OIL_FILLED_RADIATOR"
    EXTENSION_LEAD_SWAP = "EXTENSION_LEAD_SWAP"
    CALL_BLOCKER = "CALL_BLOCKER"
    DOOR_CHAIN_OR_LOCK = "DOOR_CHAIN_OR_LOCK"
    VIDEO_DOORBELL = "VIDEO_DOORBELL"
    PERSONAL_ALARM = "PERSONAL_ALARM"
    PROPERTY_MARKING_KIT = "PROPERTY_MARKING_KIT"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "SMOKE_ALARM_SEALED_10YR": "Smoke alarm (ten-year)",
            "CO_ALARM": "Carbon monoxide alarm",
            "HEARING_IMPAIRED_KIT": "Alarm kit for deaf people",
        }.get(self.value, _spoken(self.value))


class EquipmentAction(StrEnum):
    """What happened with a piece of equipment."""

    FITTED = "FITTED"
    LEFT = "LEFT"
    ORDERED = "ORDERED"
    DECLINED = "DECLINED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return _spoken(self.value)


class ObservedRisk(StrEnum):
    """Risk seen for one component."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return _spoken(self.value)


class OnwardDestination(StrEnum):
    """Where an onward referral goes (domain.md 1.8)."""

    ADULT_SOCIAL_CARE = "ADULT_SOCIAL_CARE"
    SAFEGUARDING_ADULTS = "SAFEGUARDING_ADULTS"
    CHILDRENS_MASH = "CHILDRENS_MASH"
    GP_OR_COMMUNITY_NURSING = "GP_OR_COMMUNITY_NURSING"
    FALLS_SERVICE = "FALLS_SERVICE"
    OCCUPATIONAL_THERAPY = "OCCUPATIONAL_THERAPY"
    TELECARE = "TELECARE"
    MEMORY_SERVICE = "MEMORY_SERVICE"
    STOP_SMOKING = "STOP_SMOKING"
    DRUG_AND_ALCOHOL = "DRUG_AND_ALCOHOL"
    MENTAL_HEALTH_CRISIS = "MENTAL_HEALTH_CRISIS"
    HOME_OXYGEN_SERVICE = "HOME_OXYGEN_SERVICE"
    HOUSING_PROVIDER = "HOUSING_PROVIDER"
    ENVIRONMENTAL_HEALTH = "ENVIRONMENTAL_HEALTH"
    HOARDING_PANEL = "HOARDING_PANEL"
    FUEL_POVERTY = "FUEL_POVERTY"
    BEFRIENDING = "BEFRIENDING"
    DOMESTIC_ABUSE_IDVA = "DOMESTIC_ABUSE_IDVA"
    POLICE_SNT = "POLICE_SNT"
    FRAUD_SUPPORT = "FRAUD_SUPPORT"
    GAS_OR_ELECTRIC_SAFETY = "GAS_OR_ELECTRIC_SAFETY"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "CHILDRENS_MASH": "Children's MASH",
            "GP_OR_COMMUNITY_NURSING": "GP or community nursing",
            "DOMESTIC_ABUSE_IDVA": "Domestic abuse adviser (IDVA)",
            "POLICE_SNT": "Police ward team (SNT)",
        }.get(self.value, _spoken(self.value))


class OnwardKind(StrEnum):
    """What an onward referral is (domain.md 1.8): a signpost sends no data."""

    SIGNPOST = "SIGNPOST"
    REFERRAL = "REFERRAL"
    SAFEGUARDING_CONCERN = "SAFEGUARDING_CONCERN"
    INTERNAL_TASK = "INTERNAL_TASK"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return _spoken(self.value)

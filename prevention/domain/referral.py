"""Referrals: codes, and the command by which every channel hands one in (domain.md section 8, intake form)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Channel(StrEnum):
    """How a referral came in."""

    WEB_FORM = "WEB_FORM"
    API_FHIR = "API_FHIR"
    API_JSON = "API_JSON"
    CSV = "CSV"
    PHONE = "PHONE"
    EMAIL_TRANSCRIBED = "EMAIL_TRANSCRIBED"
    ONLINE_CHECKER = "ONLINE_CHECKER"
    IN_PERSON = "IN_PERSON"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "WEB_FORM": "Staff form",
            "API_FHIR": "FHIR",
            "API_JSON": "API",
            "CSV": "File import",
            "PHONE": "Phone call",
            "EMAIL_TRANSCRIBED": "E-mail",
            "ONLINE_CHECKER": "Self-referral",
            "IN_PERSON": "In person",
        }[self.value]


class ReferralReason(StrEnum):
    """``referral_reason`` codes of domain.md section 8."""

    NO_ALARM = "NO_ALARM"
    SMOKING_UNSAFE = "SMOKING_UNSAFE"
    SMOKING_IN_BED = "SMOKING_IN_BED"
    HOARDING = "HOARDING"
    HOME_OXYGEN = "HOME_OXYGEN"
    AIRFLOW_MATTRESS = "AIRFLOW_MATTRESS"
    EMOLLIENT = "EMOLLIENT"
    MOBILITY_ESCAPE = "MOBILITY_ESCAPE"
    SENSORY_ALARM_NEED = "SENSORY_ALARM_NEED"
    DEMENTIA_MEMORY = "DEMENTIA_MEMORY"
    MENTAL_HEALTH = "MENTAL_HEALTH"
    ALCOHOL_DRUGS = "ALCOHOL_DRUGS"
    COOKING = "COOKING"
    ELECTRICAL = "ELECTRICAL"
    EBIKE_BATTERY = "EBIKE_BATTERY"
    HEATING_FUEL_POVERTY = "HEATING_FUEL_POVERTY"
    CANDLES = "CANDLES"
    PREVIOUS_FIRE_NEAR_MISS = "PREVIOUS_FIRE_NEAR_MISS"
    ARSON_THREAT = "ARSON_THREAT"
    FIRESETTING = "FIRESETTING"
    DOMESTIC_ABUSE = "DOMESTIC_ABUSE"
    HATE_CRIME = "HATE_CRIME"
    ASB = "ASB"
    FRAUD_VICTIM = "FRAUD_VICTIM"
    BURGLARY_REPEAT = "BURGLARY_REPEAT"
    FALLS = "FALLS"
    FRAILTY = "FRAILTY"
    ISOLATION = "ISOLATION"
    HIGH_INTENSITY_USER = "HIGH_INTENSITY_USER"
    SELF_NEGLECT = "SELF_NEGLECT"
    CARBON_MONOXIDE = "CARBON_MONOXIDE"
    HOSPITAL_DISCHARGE = "HOSPITAL_DISCHARGE"
    CARER_CONCERN = "CARER_CONCERN"
    TARGETED_LIST = "TARGETED_LIST"
    POST_INCIDENT = "POST_INCIDENT"
    OTHER = "OTHER"

    @property
    def label(self) -> str:
        """The words shown on screen, in plain English."""
        return REASON_LABELS[self]


REASON_LABELS: dict[ReferralReason, str] = {
    ReferralReason.NO_ALARM: "No working smoke alarm",
    ReferralReason.SMOKING_UNSAFE: "Unsafe smoking",
    ReferralReason.SMOKING_IN_BED: "Smoking in bed",
    ReferralReason.HOARDING: "Hoarding or clutter",
    ReferralReason.HOME_OXYGEN: "Home oxygen",
    ReferralReason.AIRFLOW_MATTRESS: "Air-flow mattress",
    ReferralReason.EMOLLIENT: "Emollient creams",
    ReferralReason.MOBILITY_ESCAPE: "Could not get out alone",
    ReferralReason.SENSORY_ALARM_NEED: "Sight or hearing loss",
    ReferralReason.DEMENTIA_MEMORY: "Dementia or memory loss",
    ReferralReason.MENTAL_HEALTH: "Mental ill health",
    ReferralReason.ALCOHOL_DRUGS: "Alcohol or drugs",
    ReferralReason.COOKING: "Unsafe cooking",
    ReferralReason.ELECTRICAL: "Unsafe electrics",
    ReferralReason.EBIKE_BATTERY: "E-bike or battery charging",
    ReferralReason.HEATING_FUEL_POVERTY: "Unsafe or no heating",
    ReferralReason.CANDLES: "Candles or incense",
    ReferralReason.PREVIOUS_FIRE_NEAR_MISS: "Fire or near miss before",
    ReferralReason.ARSON_THREAT: "Threat of arson",
    ReferralReason.FIRESETTING: "Fire-setting in the home",
    ReferralReason.DOMESTIC_ABUSE: "Domestic abuse",
    ReferralReason.HATE_CRIME: "Hate crime",
    ReferralReason.ASB: "Anti-social behaviour",
    ReferralReason.FRAUD_VICTIM: "Victim of fraud or scams",
    ReferralReason.BURGLARY_REPEAT: "Repeat burglary",
    ReferralReason.FALLS: "Falls",
    ReferralReason.FRAILTY: "Frailty",
    ReferralReason.ISOLATION: "Lives alone or isolated",
    ReferralReason.HIGH_INTENSITY_USER: "Calls 999 often",
    ReferralReason.SELF_NEGLECT: "Self-neglect",
    ReferralReason.CARBON_MONOXIDE: "Carbon monoxide",
    ReferralReason.HOSPITAL_DISCHARGE: "Leaving hospital",
    ReferralReason.CARER_CONCERN: "Concern about care",
    ReferralReason.TARGETED_LIST: "On a targeted list",
    ReferralReason.POST_INCIDENT: "After an incident nearby",
    ReferralReason.OTHER: "Something else",
}

#: Reasons that say something about a person's health: shown fire to ambulance only (domain.md 4.4).
HEALTH_REASONS = frozenset(
    {
        ReferralReason.DEMENTIA_MEMORY,
        ReferralReason.MENTAL_HEALTH,
        ReferralReason.ALCOHOL_DRUGS,
        ReferralReason.FALLS,
        ReferralReason.FRAILTY,
        ReferralReason.HIGH_INTENSITY_USER,
        ReferralReason.SELF_NEGLECT,
        ReferralReason.HOSPITAL_DISCHARGE,
        ReferralReason.CARER_CONCERN,
        ReferralReason.HOME_OXYGEN,
        ReferralReason.AIRFLOW_MATTRESS,
        ReferralReason.EMOLLIENT,
    }
)

#: Reasons that say something about a crime: the police's own, shown elsewhere as an instruction only (4.4).
CRIME_REASONS = frozenset(
    {
        ReferralReason.DOMESTIC_ABUSE,
        ReferralReason.HATE_CRIME,
        ReferralReason.ASB,
        ReferralReason.FRAUD_VICTIM,
        ReferralReason.BURGLARY_REPEAT,
    }
)


class Told(StrEnum):
    """Whether the person was told about the referral (domain.md 1.9, the first of four separate things)."""

    YES = "YES"
    NO_UNSAFE = "NO_UNSAFE"
    NO_UNABLE = "NO_UNABLE"
    NO_OTHER = "NO_OTHER"
    NOT_RECORDED = "NOT_RECORDED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "YES": "Yes, they know",
            "NO_UNSAFE": "No, it is not safe to tell them",
            "NO_UNABLE": "No, they could not be told",
            "NO_OTHER": "No, for another reason",
            "NOT_RECORDED": "Not recorded",
        }[self.value]


class Agrees(StrEnum):
    """Whether the person agrees to be contacted or visited (the second of four separate things)."""

    YES = "YES"
    NO = "NO"
    NOT_ASKED = "NOT_ASKED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {"YES": "Yes", "NO": "No", "NOT_ASKED": "Not asked"}[self.value]


class CapacityConcern(StrEnum):
    """Whether there is a concern about mental capacity. Never a diagnosis."""

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {"YES": "Yes", "NO": "No", "UNKNOWN": "Not known"}[self.value]


class LawfulBasis(StrEnum):
    """The lawful basis relied on for sharing (the third; domain.md 4.2)."""

    PUBLIC_TASK = "PUBLIC_TASK"
    VITAL_INTERESTS = "VITAL_INTERESTS"
    SAFEGUARDING = "SAFEGUARDING"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "PUBLIC_TASK": "Public task (UK GDPR Article 6(1)(e))",
            "VITAL_INTERESTS": "Vital interests (Article 6(1)(d))",
            "SAFEGUARDING": "Safeguarding of individuals at risk (DPA 2018 Schedule 1 paragraph 18)",
        }[self.value]


class SharingPreference(StrEnum):
    """What the person said about sharing with other services (the fourth)."""

    AGREES = "AGREES"
    REFUSES = "REFUSES"
    NOT_ASKED = "NOT_ASKED"
    OVERRIDDEN = "OVERRIDDEN"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "AGREES": "Agrees",
            "REFUSES": "Refuses",
            "NOT_ASKED": "Not asked",
            "OVERRIDDEN": "Refused, overridden to keep someone safe",
        }[self.value]


class CurrentLocation(StrEnum):
    """Where the person is now: nobody is in when they are in hospital."""

    HOME = "HOME"
    HOSPITAL = "HOSPITAL"
    RESPITE = "RESPITE"
    CUSTODY = "CUSTODY"
    UNKNOWN = "UNKNOWN"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "HOME": "At home",
            "HOSPITAL": "In hospital",
            "RESPITE": "In respite care",
            "CUSTODY": "In custody",
            "UNKNOWN": "Not known",
        }[self.value]


class HouseholdFlag(StrEnum):
    """Facts about the household that change risk or the national return's target group."""

    AGED_65_OR_OVER = "AGED_65_OR_OVER"
    DISABLED = "DISABLED"
    CHILD_UNDER_5 = "CHILD_UNDER_5"
    LIVES_ALONE = "LIVES_ALONE"
    CARER_PRESENT = "CARER_PRESENT"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "AGED_65_OR_OVER": "Someone aged 65 or over",
            "DISABLED": "Someone disabled",
            "CHILD_UNDER_5": "A child under 5",
            "LIVES_ALONE": "Lives alone",
            "CARER_PRESENT": "Has a carer",
        }[self.value]


class StaffSafety(StrEnum):
    """Warnings for the crew (domain.md 1.10)."""

    TWO_PERSON = "TWO_PERSON"
    POLICE_ATTEND = "POLICE_ATTEND"
    DOG = "DOG"
    INFECTION = "INFECTION"
    STRUCTURAL = "STRUCTURAL"
    AGGRESSION = "AGGRESSION"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "TWO_PERSON": "Visit in pairs",
            "POLICE_ATTEND": "Ask police to attend",
            "DOG": "Dog at the address",
            "INFECTION": "Infection or infestation",
            "STRUCTURAL": "Unsafe structure or blocked way out",
            "AGGRESSION": "Aggression to staff reported",
        }[self.value]


class ContactConstraint(StrEnum):
    """What must not happen when somebody contacts the home (domain.md 1.10, section 8)."""

    DO_NOT_LEAVE_CARD = "DO_NOT_LEAVE_CARD"
    DO_NOT_DISCUSS_ON_DOORSTEP = "DO_NOT_DISCUSS_ON_DOORSTEP"
    CALL_FIRST_NUMBER = "CALL_FIRST_NUMBER"
    NO_MENTION_OF_POLICE = "NO_MENTION_OF_POLICE"
    DO_NOT_WRITE = "DO_NOT_WRITE"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "DO_NOT_LEAVE_CARD": "Do not leave a card",
            "DO_NOT_DISCUSS_ON_DOORSTEP": "Do not discuss on the doorstep",
            "CALL_FIRST_NUMBER": "Call the number given first",
            "NO_MENTION_OF_POLICE": "Do not mention the police",
            "DO_NOT_WRITE": "Do not send letters",
        }[self.value]


@dataclass(frozen=True, slots=True)
class GivenPerson:
    """A person exactly as the agency gave them: text as typed, nothing normalised. All parts may be empty."""

    full_name: str = ""
    title: str = ""
    first_name: str = ""
    middle_name: str = ""
    surname: str = ""
    dob: str = ""
    age: str = ""
    sex: str = ""
    nhs_number: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    interpreter: bool = False


@dataclass(frozen=True, slots=True)
class GivenAddress:
    """An address as given: a UPRN when picked from the gazetteer, else text. ``no_fixed_abode`` wins over both."""

    uprn: str = ""
    lines: str = ""
    postcode: str = ""
    no_fixed_abode: bool = False


@dataclass(frozen=True, slots=True)
class NotSaid:
    """What a file has no column for, which is not the same as an empty cell: it says nothing against what came before.

    ``parts`` are fields fed by missing columns only, named as in a profile (``person.dob``, ``told``); ``partly`` are
    texts of which some columns are missing; ``values`` are single entries of lists (``household_flags``, ``DISABLED``).
    """

    parts: frozenset[str] = frozenset()
    partly: frozenset[str] = frozenset()
    values: frozenset[tuple[str, str]] = frozenset()


class FormSystem(StrEnum):
    """This product's own forms, as systems that referrals come from."""

    STAFF = "staff-form"
    PHONE = "phone-form"
    PUBLIC = "self-referral"


class SourceReference(NamedTuple):
    """What a referral is known by for ever: who sent it, from which of its systems, under which number there.

    Two services of one kind may use one number each, so that a number alone, or a kind of system, tells no referral.
    """

    agency_id: UUID
    source_system: str
    source_ref: str

    @property
    def is_of_a_form(self) -> bool:
        """Whether the number is what one of our forms made against sending twice, and tells a person nothing."""
        return self.source_system.partition(":")[0] in set(FormSystem)


@dataclass(frozen=True, slots=True)
class ReceiveReferral:
    """The one command by which a referral comes in, whatever the channel (domain.md section 8).

    ``reference`` identifies it for ever; an empty ``source_ref`` means the channel has no reference of its own and the
    receipt serves. ``received_at`` and ``concern_observed_at`` are aware UTC;
    None means "now" and "not said". ``original`` keeps the sender's own columns word for word. ``not_said`` is what the
    channel had no room for: sent again, it keeps what the referral says. ``handed_in_by`` is the agency that hands in
    another agency's file: it brings new referrals, and only proposes changes to those that are there, which are kept
    with ``import_run_id``, the file's. ``said_again``: a later row of the same file has the same reference.
    """

    agency_id: UUID
    source_system: str
    channel: Channel
    address: GivenAddress
    reasons: frozenset[ReferralReason]
    narrative: str
    source_ref: str = ""
    person: GivenPerson = GivenPerson()
    received_at: datetime | None = None
    concern_observed_at: datetime | None = None
    referrer_name: str = ""
    referrer_team: str = ""
    referrer_contact: str = ""
    feedback_to: str = ""
    immediate_danger: bool = False
    household_flags: frozenset[HouseholdFlag] = frozenset()
    current_location: CurrentLocation = CurrentLocation.UNKNOWN
    location_detail: str = ""
    told: Told = Told.NOT_RECORDED
    told_detail: str = ""
    agrees: Agrees = Agrees.NOT_ASKED
    capacity_concern: CapacityConcern = CapacityConcern.UNKNOWN
    lawful_basis: LawfulBasis = LawfulBasis.PUBLIC_TASK
    sharing_preference: SharingPreference = SharingPreference.NOT_ASKED
    staff_safety: frozenset[StaffSafety] = frozenset()
    contact_constraints: frozenset[ContactConstraint] = frozenset()
    confidential_address: bool = False
    source_grade: str = ""
    source_grade_scheme: str = ""
    other_agencies_told: str = ""
    suspect: bool = False
    original: dict[str, str] = field(default_factory=dict)
    not_said: NotSaid = NotSaid()
    handed_in_by: UUID | None = None
    import_run_id: UUID | None = None
    said_again: bool = False

    @property
    def reference(self) -> SourceReference:
        """What it is known by."""
        return SourceReference(self.agency_id, self.source_system, self.source_ref.strip())


@dataclass(frozen=True, slots=True)
class TidiedPerson:
    """A given person after normalisation at the door; what could not be read is None and the original is kept."""

    first_name: str = ""
    middle_name: str = ""
    surname: str = ""
    title: str = ""
    dob: date | None = None
    age: int | None = None
    sex: str = ""
    nhs_number: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class TidiedAddress:
    """A given address after normalisation: BS 7666 parts where they could be read (domain.md 5.1)."""

    uprn: str | None = None
    flat: str = ""
    building: str = ""
    number: str = ""
    street: str = ""
    locality: str = ""
    town: str = ""
    postcode: str | None = None
    no_fixed_abode: bool = False
    text: str = ""

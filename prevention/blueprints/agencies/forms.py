"""Forms for agencies and teams."""

from dataclasses import dataclass

from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional

from prevention.blueprints.agencies.wording import ward_words
from prevention.domain.agency import TeamKind
from prevention.domain.risk_rules import available_packs, load_pack
from prevention.models.agency import Agency, Area, Team
from prevention.services.agencies import AgencyDetails, TeamDetails
from prevention.web.fields import CheckboxesField, EnumRadiosField, RadiosField, TextField, TickField

_MAILBOX = [
    DataRequired("Enter the mailbox"),
    Email("Enter an e-mail address, for example prevention@example.org", granular_message=False),
    Length(max=254),
]
_LONGEST_NAME = Length(max=120, message="Use 120 characters or fewer")


class PartnerForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A new partner organisation."""

    name = TextField("Name", [DataRequired("Enter the organisation’s name"), _LONGEST_NAME])
    short_name = TextField(
        "Short name",
        [DataRequired("Enter a short name"), Length(max=20, message="Use 20 characters or fewer")],
        width="10",
        description="Shown where space is short, for example LFB",
    )
    mailbox = TextField(
        "Mailbox", _MAILBOX, description="A shared e-mail address: acknowledgements and outcomes are sent to it"
    )

    def to_command(self, rule_pack: str | None = None) -> AgencyDetails:
        """What was typed, with the agency's rule pack when it has a choice of one."""
        details = AgencyDetails(self.name.data or "", self.short_name.data or "", self.mailbox.data or "")
        return AgencyDetails(details.name, details.short_name, details.mailbox, rule_pack) if rule_pack else details


class AgencyForm(PartnerForm):
    """An agency that is there already. ``version`` is the one the form was made from."""

    rule_pack = RadiosField("How risk is decided", [InputRequired("Choose how risk is decided")])
    version = HiddenField()

    def offer_packs(self) -> None:
        """Offer every rule pack that ships, each with its note."""
        packs = [load_pack(code) for code in available_packs()]
        self.rule_pack.choices = {pack.code: f"{pack.name} (version {pack.version})" for pack in packs}
        self.rule_pack.hints = {pack.code: pack.note for pack in packs}

    def fill(self, agency: Agency) -> None:
        """Show the agency as it is stored."""
        self.name.data, self.short_name.data = agency.name, agency.short_name
        self.mailbox.data, self.rule_pack.data = agency.mailbox, agency.rule_pack
        self.version.data = str(agency.version_id)


@dataclass(frozen=True, slots=True)
class WardGroup:
    """The wards of one borough: (code, words, whether ticked)."""

    borough_code: str
    borough: str
    wards: tuple[tuple[str, str, bool], ...]

    @property
    def ticked(self) -> int:
        """How many are ticked."""
        return sum(ticked for *_, ticked in self.wards)


class TeamForm(FlaskForm):  # type: ignore[misc]
    """A team. ``version`` is the one the form was made from, empty for a new team."""

    name = TextField("Name", [DataRequired("Enter the team’s name"), _LONGEST_NAME])
    kind = EnumRadiosField(TeamKind, "What sort of team", [InputRequired("Choose what sort of team it is")])
    mailbox = TextField(
        "Mailbox",
        [Optional(), *_MAILBOX[1:]],
        description="A shared e-mail address. Leave it empty to use the agency’s",
    )
    areas = CheckboxesField("Boroughs it covers")
    wards = CheckboxesField("Wards it covers")
    is_intake_desk = TickField(
        "New cases come to this team first", description="Each agency has one such team, the intake desk"
    )
    version = HiddenField()

    def offer_areas(self, boroughs: list[Area], wards: list[Area]) -> None:
        """Offer the boroughs, and the wards where there are any: else the form says nothing of wards."""
        self.borough_names = {borough.code: borough.name for borough in boroughs}
        self.areas.choices = self.borough_names
        self.offered_wards = wards
        if wards:
            self.wards.choices = {ward.code: ward_words(ward) for ward in wards}
        else:
            del self.wards

    def ward_groups(self) -> list[WardGroup]:
        """The wards on offer by borough, with those that are ticked."""
        ticked = set(self.wards.data or ())
        groups = [
            WardGroup(
                code,
                name,
                tuple((w.code, ward_words(w), w.code in ticked) for w in self.offered_wards if w.borough_code == code),
            )
            for code, name in self.borough_names.items()
        ]
        return [group for group in groups if group.wards]

    @property
    def chosen_wards(self) -> list[Area]:
        """The wards that are ticked."""
        ticked = set(self.wards.data or ()) if "wards" in self else set()
        return [ward for ward in self.offered_wards if ward.code in ticked]

    def fill(self, team: Team) -> None:
        """Show the team as it is stored."""
        self.name.data, self.kind.data, self.mailbox.data = team.name, team.kind, team.mailbox
        self.areas.data = [area.code for area in team.areas if area.code in self.borough_names]
        if "wards" in self:
            self.wards.data = [area.code for area in team.areas if area.code not in self.borough_names]
        self.is_intake_desk.data = team.is_intake_desk
        self.version.data = str(team.version_id)

    def to_command(self) -> TeamDetails:
        """What was typed."""
        return TeamDetails(
            name=self.name.data or "",
            kind=TeamKind(self.kind.data),
            mailbox=self.mailbox.data or "",
            area_codes=(*(self.areas.data or ()), *(ward.code for ward in self.chosen_wards)),
            is_intake_desk=bool(self.is_intake_desk.data),
        )

"""Taking a model of the engine into use."""

from prevention.matching.model import Model, write_model
from prevention.models.audit import AuditTag
from prevention.models.match import AdoptedModel
from prevention.services.work import Work


def adopt(work: Work, model: Model) -> AdoptedModel:
    """Let ``model`` decide from the commit on. What was decided before stays, with the version it was decided with."""
    adopted = AdoptedModel(version=model.version, content=write_model(model), adopted_at=work.now)
    work.session.add(adopted)
    work.record(AuditTag.MODEL_ADOPTED, adopted, version=model.version)
    return adopted

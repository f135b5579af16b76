"""What the Deployments pane knows: records from the store, read once and then as they change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cupola.models import Health
from cupola.store import control_plane, deployments
from cupola.store.control_plane import QuotaLine
from cupola.store.database import Database
from cupola.store.deployments import Deployment, Step

if TYPE_CHECKING:
    from cupola.deployments.candidates import Candidate
    from cupola.deployments.orphans import Orphan

TOPICS = frozenset({"deployments", "quota"})


class DeploymentFacts:
    """A reader over one connection."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._rows: list[Deployment] | None = None
        self._quota: list[QuotaLine] | None = None

    def changed(self, topics: Iterable[str]) -> None:
        """Forget what these topics cover."""
        for topic in topics:
            if topic == "deployments":
                self._rows = None
            elif topic == "quota":
                self._quota = None

    def reread(self) -> None:
        """Forget the records: when a deployment was last asked stands in the journal, which has no topic."""
        self._rows = None

    def rows(self) -> list[Deployment]:
        """Every deployment that is known of."""
        if self._rows is None:
            self._rows = deployments.all_deployments(self.database)
        return self._rows

    def quota(self) -> list[QuotaLine]:
        """The quota by name."""
        if self._quota is None:
            self._quota = control_plane.quota(self.database)
        return self._quota

    def history(self, name: str) -> list[Step]:
        """What has happened to a deployment, newest first."""
        return deployments.history(self.database, name)

    def probe_usd(self, name: str) -> float:
        """What asking whether it answers has cost."""
        return deployments.probe_usd(self.database, name)

    def trouble(self) -> Health:
        """How the talk with the control plane goes."""
        return control_plane.trouble(self.database)

    def asked(self) -> dict[str, float]:
        """The deployments that Cupola has asked, with when."""
        return deployments.asked_names(self.database)

    def candidates(self) -> list[Candidate]:
        """What may be deployed."""
        from cupola.deployments.candidates import candidates

        return candidates(self.database)

    def orphans(self, now: float) -> list[Orphan]:
        """What Cupola made and nothing needs any more."""
        from cupola.deployments.orphans import orphans

        return orphans(self.database, now)

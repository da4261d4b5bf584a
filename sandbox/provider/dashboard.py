"""Dashboards."""

from typing import Any, Final

from sandbox.provider.base import Created, Handler, Inputs, Listing, Read, finishing, found, pascal
from sandbox.provider.schema import Json, block, text
from sandbox.provider.validators import matches

_MISSING: Final = ("ResourceNotFound", "DashboardNotFoundError")


class Dashboard(Handler):
    """A dashboard. Its widgets are not looked into."""

    type_name = "aws:cloudwatch/dashboard:Dashboard"
    service = "cloudwatch"
    schema = block(
        dashboardBody=Json(),
        dashboardName=text(
            matches(
                r"[\w-]{1,255}", "invalid value for {path} (1-255 letters, digits, dashes or _)"
            )
        ),
    )
    name_input = "dashboardName"
    replaces = frozenset({"dashboardName"})
    listing = Listing("list_dashboards", "DashboardEntries", "DashboardName")

    def create(self, inputs: Inputs) -> Created:
        name = inputs["dashboardName"]
        self.api.put_dashboard(**pascal(inputs))
        created = Created(name, {})
        with finishing(created):
            created.outputs["dashboardArn"] = self._get(name)["DashboardArn"]
        return created

    def read(self, id_: str, inputs: Inputs | None) -> Read | None:
        board = self._get(id_)
        if board is None:
            return None
        inputs_found = {"dashboardName": id_, "dashboardBody": board["DashboardBody"]}
        outputs = {"dashboardArn": board["DashboardArn"]}
        return Read(id_, self.as_written(inputs_found, inputs), outputs)

    def update(
        self, _id: str, _old: Inputs, new: Inputs, _changed: frozenset[str]
    ) -> dict[str, Any]:
        self.api.put_dashboard(**pascal(new))
        return {}

    def delete(self, id_: str, _inputs: Inputs) -> None:
        found(lambda: self.api.delete_dashboards(DashboardNames=[id_]), *_MISSING)

    def _get(self, name: str) -> Any:
        return found(lambda: self.api.get_dashboard(DashboardName=name), *_MISSING)

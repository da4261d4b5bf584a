"""What the accounts of a server hold, kept aside: going back costs less than making it anew."""

import copy
from typing import Any

from moto.core.base_backend import BackendDict

from sandbox.account.server import AccountServer


class Snapshot:
    """Everything in a server's accounts as it is now."""

    def __init__(self, server: AccountServer) -> None:
        self._accounts = [account.account_id for account in server.accounts.values()]
        self._kept = self._copy({id(one): one for one in BackendDict._instances})

    def restore(self) -> None:
        """Make it so again; what clients know of ARNs and ids made later is void."""
        services: dict[int, Any] = {id(one): one for one in BackendDict._instances}
        kept = copy.deepcopy(self._kept)
        for key, service in services.items():
            for account in self._accounts:
                service.pop(account, None)
            service.update(kept.get(key, {}))

    def _copy(self, services: dict[int, Any]) -> Any:
        held = {
            key: {account: service[account] for account in self._accounts if account in service}
            for key, service in services.items()
        }
        return copy.deepcopy({key: found for key, found in held.items() if found})

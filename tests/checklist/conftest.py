"""A sandbox with the program deployed once; the tests change its rules by hand."""

from collections.abc import Iterator

import pytest

from .by_hand import ByHand, deployed


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByHand]:
    """Staging behind its load balancers."""
    with deployed(tmp_path_factory.mktemp("state")) as found:
        yield found

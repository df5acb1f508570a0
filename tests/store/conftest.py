import sys
from pathlib import Path

import pytest
from stores import Stores

sys.path.insert(0, str(Path(__file__).parents[1] / "domain"))


@pytest.fixture
def sqlite_url(stores: Stores, tmp_path: Path) -> str:
    """What only SQLite does."""
    return stores.sqlite(tmp_path / "spark.db")


@pytest.fixture
def postgresql_url(stores: Stores, postgresql: str) -> str:
    """What only PostgreSQL does."""
    return stores.postgresql(postgresql)

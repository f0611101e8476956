import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Give each test an empty cache of its own."""
    monkeypatch.setenv("GEN_CACHE", str(tmp_path / "cache"))

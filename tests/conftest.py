import pytest

from gen.engine.kernels import FOLDER


def make_cache(folder):
    """Return a new cache in `folder`, empty but for the compiled engine, which needn't be made anew for each test."""
    folder.mkdir()
    (folder / "engine").symlink_to(FOLDER.parent)
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Give each test a cache of its own."""
    monkeypatch.setenv("GEN_CACHE", str(make_cache(tmp_path_factory.mktemp("cache") / "gen")))

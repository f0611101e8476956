import contextlib
import os
import resource
import sys

import pytest

from gen.__main__ import main
from gen.compiled.door import FOLDER

os.environ["OMP_NUM_THREADS"] = "1"  # tests run side by side, one a core; before torch is imported


def make_cache(folder):
    """Return a new cache in `folder`, empty but for the compiled engine, which needn't be made anew for each test."""
    folder.mkdir()
    (folder / "engine").symlink_to(FOLDER.parent)
    return folder


@contextlib.contextmanager
def full_disk(size):
    """Let no file in the block grow over `size` bytes: a disk that fills up, the same write fails in the same place."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Give each test a cache of its own."""
    monkeypatch.setenv("GEN_CACHE", str(make_cache(tmp_path_factory.mktemp("cache") / "gen")))


@pytest.fixture
def gen(tmp_path, monkeypatch, capfd):
    """Return a function that runs a command in an empty folder: its exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)

    def run(*args):
        monkeypatch.setattr(sys, "argv", ["gen", *map(str, args)])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as exit:
            code = exit.code
            if isinstance(code, str):
                print(code, file=sys.stderr)
                code = 1
        return (code or 0, *capfd.readouterr())

    return run

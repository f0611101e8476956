import pytest

from tests.corpus.recordings import write


@pytest.fixture
def folder(tmp_path):
    for index in range(40):
        write(tmp_path / "in" / "ab"[index % 2] / f"{index % 10}_x_{index}.wav", seed=index)
    return tmp_path / "in"

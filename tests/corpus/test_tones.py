import numpy as np
import pytest

from gen.corpus import tones
from gen.sound import audio


@pytest.mark.parametrize("label", tones.NOTES)
def test_the_strongest_peak_of_a_tone_is_its_label(label):
    for seed in range(4):
        wave = tones.tone(label, seed)
        size = 8 * len(wave)
        found = np.argmax(np.abs(np.fft.rfft(wave * np.hanning(len(wave)), size))) * tones.RATE / size
        assert abs(1200 * np.log2(found / tones.hz(label))) < 2
        assert abs(wave.mean()) < 0.01
        assert 0.25 < np.abs(wave).max() <= 0.6 + 5 * tones.WIND  # the note has 0.6 at most


def test_the_corpus_has_a_folder_a_note_and_stays_as_it_is(tmp_path):
    tones.write(tmp_path, clips=2)
    files = sorted(tmp_path.rglob("*.wav"))
    assert len(files) == 16
    assert {p.parent.name for p in files} == set(tones.NOTES)
    before = files[0].stat().st_mtime_ns
    tones.write(tmp_path, clips=2)
    assert files[0].stat().st_mtime_ns == before
    np.testing.assert_allclose(audio.read(files[0], tones.RATE), tones.tone("A4", 0), atol=1e-4)

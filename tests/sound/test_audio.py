import numpy as np
import pytest
import soundfile

from gen.sound import audio

RATE = 16000


def tone(hz, seconds=1.0, rate=RATE, level=0.5):
    return level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def peak_hz(wave, rate=RATE):
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 4 * len(wave)))
    return np.argmax(spectrum) * rate / (4 * len(wave))


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.wav", "PCM_U8"),
        ("a.wav", "PCM_16"),
        ("a.wav", "PCM_24"),
        ("a.wav", "PCM_32"),
        ("a.wav", "FLOAT"),
        ("a.wav", "DOUBLE"),
        ("a.flac", "PCM_16"),
        ("a.flac", "PCM_24"),
        ("a.ogg", "VORBIS"),
        ("a.mp3", "MPEG_LAYER_III"),
        ("a.aiff", "PCM_16"),
    ],
)
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (48000, 5)])
def test_a_440_hz_tone_comes_through_at_its_level_and_length(tmp_path, name, subtype, rate, channels):
    if channels > 2 and "mp3" in name:
        channels = 2
    path = tmp_path / name
    soundfile.write(path, np.tile(tone(440, rate=rate)[:, None], channels), rate, subtype)
    wave = audio.read(path, RATE)
    assert wave.dtype == np.float32
    assert abs(len(wave) - RATE) <= (RATE * 0.1 if "mp3" in name else 1)
    assert abs(peak_hz(wave) - 440) < 1
    middle = wave[RATE // 4 : RATE // 2]
    assert abs(np.sqrt(np.mean(middle**2)) - 0.5 / np.sqrt(2)) < 0.01
    assert abs(middle.mean()) < 0.01


def test_channels_are_averaged(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([tone(440), -tone(440)], 1), RATE)
    assert np.abs(audio.read(tmp_path / "a.wav", RATE)).max() < 1 / 16384


@pytest.mark.parametrize("frames", [1, audio.BLOCK - 1, audio.BLOCK, audio.BLOCK + 1])
@pytest.mark.parametrize("rate", [16000, 22050])
def test_any_length_is_read(tmp_path, frames, rate):
    soundfile.write(tmp_path / "a.wav", np.full(frames, 0.25), rate)
    wave = audio.read(tmp_path / "a.wav", RATE)
    assert abs(len(wave) - frames * RATE / rate) <= 1


def test_a_tone_above_the_new_nyquist_is_gone(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(11000, rate=44100), 44100)
    wave = audio.read(tmp_path / "a.wav", RATE)
    assert np.sqrt(np.mean(wave[2000:-2000] ** 2)) < 1e-3


def broken(tmp_path, what):
    path = tmp_path / f"{what}.wav"
    if what == "text":
        path.write_text("this is no audio")
    elif what == "bytes":
        path.write_bytes(b"")
    elif what == "frames":
        soundfile.write(path, np.zeros(0), RATE)
    elif what == "nan":
        soundfile.write(path, np.where(np.arange(RATE) == 8000, np.nan, 0.1), RATE, "FLOAT")
    elif what == "infinite":
        soundfile.write(path, np.where(np.arange(RATE) == 8000, np.inf, 0.1), RATE, "FLOAT")
    elif what == "aac":
        path = path.with_suffix(".m4a")
        path.write_bytes(b"\0\0\0\x20ftypM4A ")
    elif what == "truncated":
        path = path.with_suffix(".flac")
        soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 5 * RATE), RATE)
        path.write_bytes(path.read_bytes()[:100_000])
    elif what == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize(
    ("what", "rule"),
    [
        ("text", "isn't audio"),
        ("bytes", "0 bytes"),
        ("frames", "0 frames"),
        ("nan", "0.50 s"),
        ("infinite", "0.50 s"),
        ("aac", "convert it to WAV or FLAC"),
        ("truncated", "cut short|breaks off"),
        ("missing", "No such file"),
        ("folder", "folder.wav"),
    ],
)
def test_a_bad_file_is_one_line_that_names_it_and_its_fault(tmp_path, what, rule):
    path = broken(tmp_path, what)
    with pytest.raises(ValueError, match=rule) as caught:
        audio.read(path, RATE)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.wav", "b.flac"])
def test_what_is_written_is_16_bit_at_its_own_level(tmp_path, name):
    wave = np.array([0, 0.1, -0.1, 0.999, 1.5, -1.5], np.float32)
    audio.write(tmp_path / name, wave, 8000)
    info = soundfile.info(tmp_path / name)
    assert (info.samplerate, info.channels, info.subtype) == (8000, 1, "PCM_16")
    np.testing.assert_allclose(audio.read(tmp_path / name, 8000), np.clip(wave, -1, 32767 / 32768), atol=1 / 65536)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_another_extension_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\.wav or \.flac"):
        audio.write(tmp_path / "a.mp3", np.zeros(5), RATE)

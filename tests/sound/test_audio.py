import os

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


def with_rate(path, hz):
    """Write a WAV whose header says `hz`."""
    soundfile.write(path, np.zeros(100), RATE)
    whole = path.read_bytes()
    path.write_bytes(whole[:24] + hz.to_bytes(4, "little") + whole[28:])
    return path


@pytest.mark.parametrize("hz", [1, 10, 999, 768_001, 10**9])
def test_a_rate_that_no_recording_has_is_refused_in_one_line(tmp_path, hz):
    path = with_rate(tmp_path / "a.wav", hz)
    for function in (lambda p: audio.read(p, RATE), audio.native_rate, audio.info):
        with pytest.raises(ValueError, match=rf"a\.wav: says {hz:,} Hz; 1,000 to 768,000 are read"):
            function(path)


@pytest.mark.parametrize("hz", [1000, 768_000])
def test_the_lowest_and_the_highest_rate_are_read(tmp_path, hz):
    assert abs(len(audio.read(with_rate(tmp_path / "a.wav", hz), RATE)) - 100 * RATE / hz) <= 1


@pytest.mark.parametrize("level", [3e38, -3e38, 32767.0])
def test_samples_far_over_full_scale_are_refused(tmp_path, level):
    wave = np.stack([np.zeros(RATE), np.where(np.arange(RATE) == 8000, level, 0.1)], 1)
    soundfile.write(tmp_path / "a.wav", wave, RATE, "FLOAT")
    with pytest.raises(ValueError, match=rf"a\.wav: holds samples of {abs(level):.0e}".replace("+", r"\+")) as caught:
        audio.read(tmp_path / "a.wav", RATE)
    assert "at 0.50 s; export it again" in str(caught.value)


def test_samples_over_full_scale_are_read_as_they_are(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([8.0, -8.0]), RATE, "FLOAT")
    assert audio.read(tmp_path / "a.wav", RATE).tolist() == [8, -8]


@pytest.mark.parametrize("what", ["pipe", "device"])
def test_what_is_no_regular_file_is_refused_and_not_opened(tmp_path, what):
    path = tmp_path / "a.wav"
    if what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(ValueError, match=r"a\.wav: is no regular file"):
        audio.read(path, RATE)


def test_samples_without_a_header_are_refused_in_one_line(tmp_path):
    (tmp_path / "a.raw").write_bytes(bytes(100))
    with pytest.raises(ValueError, match=r"a\.raw: isn't audio that can be read"):
        audio.read(tmp_path / "a.raw", RATE)

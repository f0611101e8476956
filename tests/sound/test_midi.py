"""A MIDI file as curves: its notes at their time, pitch and level; its wheels; files that play nothing."""

import mido
import numpy as np
import pytest

from gen.sound import midi

STEP = 0.01


def song(path, *tracks, tempo=500_000):
    """Write tracks of (beats after the one before, kind of message, settings) at 120 beats a minute, or of `tempo`."""
    file = mido.MidiFile(ticks_per_beat=100)
    for number, track in enumerate(tracks):
        made = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo)] if not number else [])
        made += [mido.Message(kind, time=round(100 * beats), **settings) for beats, kind, settings in track]
        file.tracks.append(made)
    file.save(path)
    return path


def note(key, beats=1.0, velocity=127, channel=0, rest=0.0):
    on = (rest, "note_on", {"note": key, "velocity": velocity, "channel": channel})
    return [on, (beats, "note_off", {"note": key, "channel": channel})]


def test_notes_sound_at_their_time_pitch_and_level(tmp_path):
    path = song(tmp_path / "a.mid", note(69) + note(81, velocity=64, rest=1.0))
    (channel,) = midi.read(path)
    assert channel.notes == [midi.Note(0.0, 0.5, 69, 127), midi.Note(1.0, 1.5, 81, 64)]
    f0, voiced, level = midi.curves(channel, STEP).T
    assert (f0[10], f0[120]) == (440, 880)
    assert voiced[[0, 10, 49, 80, 110, 140]].tolist() == [1, 1, 1, 0, 1, 1]
    assert level[10] == 0
    assert abs(level[120] - 40 * np.log10(64 / 127)) < 1e-9
    assert level[80] == midi.SILENT
    assert np.flatnonzero(level[90:] > midi.SILENT)[0] == 10  # the second begins at a second
    assert (np.diff(level[100:103]) > 0).all()  # and rises
    assert (np.diff(level[50:59]) < 0).all()  # the first dies away
    assert len(level) >= 160


def test_a_note_ends_where_the_next_begins_and_a_held_one_with_the_file(tmp_path):
    held = [(0, "note_on", {"note": 60, "velocity": 100}), (1, "note_on", {"note": 64, "velocity": 100})]
    (channel,) = midi.read(song(tmp_path / "a.mid", [*held, (2, "note_off", {"note": 99})]))
    assert [(n.begin, n.end, n.key) for n in channel.notes] == [(0.0, 1.5, 60), (0.5, 1.5, 64)]
    f0 = midi.curves(channel, STEP)[:, 0]
    assert np.allclose(12 * np.log2(f0[[10, 49, 51, 140]] / 440), [-9, -9, -5, -5])


def test_wheels_bend_and_shake_the_pitch(tmp_path):
    bent = [(0, "pitchwheel", {"pitch": 4096}), *note(69, beats=2), (0, "pitchwheel", {"pitch": 0})]
    shaken = [(0, "control_change", {"control": 1, "value": 127}), *note(69, beats=2)]
    f0 = midi.curves(midi.read(song(tmp_path / "a.mid", bent))[0], STEP)[:, 0]
    assert np.allclose(12 * np.log2(f0[10:90] / 440), 1.0)
    f0 = midi.curves(midi.read(song(tmp_path / "b.mid", shaken))[0], STEP)[:, 0]
    cents = 1200 * np.log2(f0[:100] / 440)
    assert 45 < cents.max() <= 50.001
    assert abs((np.diff(np.sign(cents[1:])) != 0).sum() - 2 * midi.VIBRATO) <= 1


def test_each_channel_is_one_and_percussion_is_none(tmp_path):
    tracks = [note(60, channel=3), note(40, channel=midi.DRUMS), note(72, channel=1) + note(74, channel=1)]
    assert [[n.key for n in channel.notes] for channel in midi.read(song(tmp_path / "a.mid", *tracks))] == [
        [72, 74],
        [60],
    ]


def test_a_file_that_plays_nothing_is_refused_in_a_line(tmp_path):
    wrong = {
        "plays no notes": song(tmp_path / "none.mid", [(1, "program_change", {"program": 3})]),
        "plays no notes; give": song(tmp_path / "drums.mid", note(40, channel=midi.DRUMS)),
        "has a tempo of zero": song(tmp_path / "zero.mid", note(60), tempo=0),
        "breaks off; give a MIDI file": tmp_path / "text.mid",
        "No such file": tmp_path / "missing.mid",
        "is no regular file": tmp_path,
    }
    (tmp_path / "text.mid").write_text("no notes")
    for line, path in wrong.items():
        with pytest.raises(ValueError, match=line) as told:
            midi.read(path)
        assert str(told.value).startswith(f"{path}: ")
        assert "\n" not in str(told.value)


def test_a_damaged_file_is_refused_or_plays_what_is_left(tmp_path):
    whole, refused = song(tmp_path / "a.mid", note(69) + note(81)).read_bytes(), []
    for at in range(len(whole)):
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]):
            (tmp_path / "b.mid").write_bytes(damaged)
            try:
                left = midi.read(tmp_path / "b.mid")
            except ValueError as error:
                refused.append(str(error))
            else:
                assert all(len(midi.curves(channel, STEP)) * STEP <= midi.LONGEST + 1 for channel in left)
    assert len(refused) > len(whole)
    assert all(line.startswith(f"{tmp_path / 'b.mid'}: ") and "\n" not in line for line in refused)


def test_channels_sound_together_as_strings_at_their_pitch_time_and_level(tmp_path):
    bent = [(0.0, "pitchwheel", {"pitch": 8191, "channel": 1}), *note(69, channel=1, velocity=64, rest=2.0)]
    wave = midi.rendered(midi.read(song(tmp_path / "a.mid", note(57), bent)), 8000)
    assert len(wave) == 12801
    assert abs(np.abs(wave).max() - 0.5) < 1e-6
    first, second = wave[400:3600], wave[8400:11600]
    for sound, hertz in ((first, 220), (second, 440 * 2 ** (2 / 12))):
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        assert abs(np.argmax(spectrum) * 8000 / len(sound) - hertz) < 2.5
        assert spectrum[round(2 * hertz * len(sound) / 8000)] > 0.1 * spectrum.max()
    assert 20 * np.log10(np.abs(wave[8000:]).max() / np.abs(wave[:4800]).max()) == pytest.approx(-11.9, abs=1.5)
    assert not wave[4801:8000].any()  # between them
    assert np.abs(first[:800]).max() > 1.1 * np.abs(first[-800:]).max()  # it dies away
    with pytest.raises(ValueError, match=r"^midi=: the notes last 61 minutes, and 60 are played at most; cut it"):
        midi.rendered(midi.read(song(tmp_path / "long.mid", note(57, beats=2 * 3660))), 8000)

import os

import pytest
import torch

from gen.corpus.names import label_of
from gen.corpus.windows import Windows
from gen.sound import audio
from gen.sound.codec import Linear16, MuLaw
from tests.corpus.recordings import CODEC, RATE, load, write
from tests.small import corpus as corpus_of


def test_one_bad_file_is_skipped_and_named(folder):
    (folder / "a" / "bad.wav").write_text("text")
    corpus = load(folder)
    assert corpus.files == 40
    assert len(corpus.notes) == 1
    assert "bad.wav" in corpus.notes[0]


@pytest.mark.parametrize("error", [RuntimeError("internal error"), MemoryError(), audio.soundfile.SoundFileError("x")])
def test_any_error_in_one_file_skips_that_one(folder, monkeypatch, error):
    write(folder / "a" / "odd.wav", rate=11025)

    def fail(*given, **how):
        raise error

    monkeypatch.setattr(audio.soxr, "ResampleStream", fail)
    corpus = load(folder)
    assert corpus.files == 40
    assert len(corpus.notes) == 1
    assert "a/odd.wav: " in corpus.notes[0]


def test_what_is_no_regular_file_is_named_and_not_opened(folder, tmp_path):
    os.mkfifo(folder / "a" / "pipe.wav")
    (folder / "a" / "endless.wav").symlink_to("/dev/zero")
    (folder / "a" / "gone.wav").symlink_to(tmp_path / "nowhere")
    (folder / "a" / "folder.wav").mkdir()
    corpus = load(folder)
    assert corpus.files == 40
    assert [note.split("/")[-1].split(":")[0] for note in corpus.notes] == ["endless.wav", "gone.wav", "pipe.wav"]
    with pytest.raises(ValueError, match=r"pipe\.wav: is neither a folder nor a regular file"):
        load(folder / "a" / "pipe.wav")
    with pytest.raises(ValueError, match=r"pipe\.wav: is no regular file"):
        load(folder, valid=str(folder / "a" / "pipe.wav"))


def test_the_identity_of_a_corpus_is_its_content_and_its_parts(folder):
    before = load(folder, valid=0.2).identity
    folder.rename(folder.with_name("moved"))
    moved = folder.with_name("moved")
    assert load(moved, valid=0.2).identity == before
    write(moved / "a" / "0_x_0.wav", seed=99)  # of the same name and length
    other = load(moved, valid=0.2).identity
    assert other[:3] == before[:3]
    assert other != before
    assert load(moved, valid=0.2, labels="folder").identity[3] != other[3]
    assert load(moved, valid=0.2, test=0.2).identity[3] != other[3]


def test_labels_come_from_folders_or_names(folder):
    assert load(folder, labels="folder").classes == ["a", "b"]
    corpus = load(folder, labels=r"(\d)_*.wav", valid=0)
    assert corpus.classes == list("0123456789")
    for segment in corpus.train:
        assert segment.recording.name.split("/")[1][0] == corpus.classes[segment.label]
    assert label_of("0_george_12.wav", r"(\d)_*.wav") == "0"
    assert label_of("x/Ds4.mp3", r"([A-G]s?\d).mp3") == "Ds4"
    with pytest.raises(ValueError, match="its parentheses capture nothing"):
        label_of("a_1.wav", "(?:a|b)_*.wav")


def test_what_a_run_in_the_folder_made_is_no_recording(folder):
    for name in ("runs/a/previews/step-1.wav", "runs/a/takes/seed0-0.flac", "runs/mine.wav"):
        write(folder / name)
    assert load(folder).files == 43
    (folder / "runs" / "a" / "log.jsonl").touch()
    assert load(folder).files == 41
    assert load(folder / "runs" / "a").files == 2  # unless it is asked for


@pytest.mark.parametrize("seconds", [0, 0.001, 5])
def test_one_file_of_any_length_keeps_every_lane_busy(tmp_path, seconds):
    write(tmp_path / "in" / "only.wav", seconds)
    corpus = load(tmp_path / "in", lanes=8, valid=0.1)
    windows = Windows(corpus.train, 8, 16, CODEC.silence)
    window = next(windows)
    assert ((window.y >= 0).sum(1) > 0).all()


def test_a_pair_of_coarse_and_fine_is_never_cut(tmp_path):
    write(tmp_path / "in" / "only.wav", 5)
    corpus = corpus_of(str(tmp_path / "in"), Linear16(), rate=RATE, lanes=7, valid=0.13)
    assert all(s.start % 2 == s.stop % 2 == 0 for s in corpus.train + corpus.valid)


def played(windows, codec=CODEC):
    """Return what one pass shows, a list of symbols for each segment, checking that x follows y."""
    lanes, done = {}, []
    for window in windows:
        for row in range(len(window.x)):
            targets = window.y[row][window.y[row] >= 0].tolist()
            if not targets:
                continue
            if window.reset[row]:
                lanes[row] = []
                done.append(lanes[row])
            before = lanes[row][-1] if lanes[row] else codec.silence[-1]
            assert window.x[row, : len(targets)].tolist() == [before, *targets[:-1]]
            lanes[row] += targets
    return done


def test_one_pass_plays_every_symbol_once_in_order(folder):
    corpus = load(folder, valid=0, segment=0.2, tail=0)
    done = played(Windows(corpus.train, 5, 37, CODEC.silence, seed=None))
    want = [s.recording.read(s.start, s.stop).tolist() for s in corpus.train]
    assert sorted(done) == sorted(want)


@pytest.mark.parametrize("codec", [CODEC, Linear16()])
def test_reversed_recordings_are_the_same_segments_played_backward(folder, codec):
    settings = {"rate": RATE, "segment": 0.2, "valid": 0.3, "tail": 0.0}
    ahead, back = (corpus_of(str(folder), codec, **settings, reverse=reverse) for reverse in (False, True))
    for one, other in zip(ahead[:3], back[:3], strict=True):
        assert [s.recording.name for s in other] == [s.recording.name for s in one]
    for s in back.train + back.valid:
        made, recording = s.recording.read(s.start, s.stop), s.recording._replace(backward=0)
        wave = codec.decode(recording.read(0, recording.length))[::-1]
        assert codec.encode(wave).tolist()[s.start : s.stop] == made.tolist()
    tailed = corpus_of(str(folder), codec, **{**settings, "tail": 0.01}, reverse=True)
    assert [s.stop == s.recording.length for s in tailed.train] == [s.tail > 0 for s in tailed.train]


def test_reversed_symbols_of_an_emphasised_codec_are_refused(folder):
    with pytest.raises(ValueError, match=r"codec\.emphasis=0\.85 is another thing backward"):
        load(folder, MuLaw(8, 0.85), reverse=True)


@pytest.mark.parametrize("codec", [CODEC, Linear16()])
def test_silence_follows_the_end_of_what_is_trained_on_and_of_nothing_else(folder, codec):
    corpus = corpus_of(str(folder), codec, rate=RATE, segment=0.2, tail=0.01, valid=0.3)
    assert not any(s.tail for s in corpus.valid)
    want = []
    for s in corpus.train:
        symbols = s.recording.read(s.start, s.stop).tolist()
        if s.stop == s.recording.length:  # 80 samples, and on to the end of the window
            tail = 80 * codec.digits
            symbols += (list(codec.silence) * 200)[: tail + -(len(symbols) + tail) % 38]
        want.append(symbols)
    windows = Windows(corpus.train, 3, 38, codec.silence, seed=None)
    assert sorted(played(windows, codec)) == sorted(want)
    assert sum(len(w) for w in want) >= sum(s.size for s in corpus.train)
    windows = list(Windows(corpus.train, 3, 38, codec.silence, seed=None))
    assert sum(w.counted for w in windows) == sum(s.stop - s.start for s in corpus.train)
    for window in windows:  # what comes after what was recorded is silence, or nothing
        assert window.counted == window.recorded.sum()
        for row, n in zip(window.y.tolist(), window.recorded.tolist(), strict=True):
            assert all(row[t] in (-1, codec.silence[t % codec.digits]) for t in range(n, 38))


def test_an_epoch_plays_every_segment_in_an_order_of_its_seed(folder):
    corpus = load(folder, valid=0)

    def order(seed):
        windows = Windows(corpus.train, 4, 5000, CODEC.silence, seed=seed)
        return [tuple(next(windows).y[:, :3].flatten().tolist()) for _ in range(20)]

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert sorted(order(1)[:10]) != sorted(order(1)[10:])
    assert len(set(order(1)[:10])) == 10


def test_two_ranks_together_see_what_one_process_sees(folder):
    corpus = load(folder)
    one = Windows(corpus.train, 6, 100, CODEC.silence, seed=3)
    two = [Windows(corpus.train, 6, 100, CODEC.silence, seed=3, rank=r, world=2) for r in range(2)]
    for _ in range(200):
        want, parts = next(one), [next(w) for w in two]
        for field in ("x", "y", "reset", "labels", "recorded"):
            assert torch.equal(torch.cat([getattr(p, field) for p in parts]), getattr(want, field))
        assert want.targets == parts[0].targets == parts[1].targets == (want.y >= 0).sum()
        assert want.counted == parts[0].counted == parts[1].counted == want.recorded.sum()


def test_a_position_brings_the_same_windows_back(folder):
    corpus = load(folder)
    windows = Windows(corpus.train, 6, 100, CODEC.silence, seed=3)
    for _ in range(70):
        next(windows)
    position = windows.position()
    again = Windows(corpus.train, 6, 100, CODEC.silence, seed=3)
    again.seek(position)
    for _ in range(70):
        parts = zip(next(windows)[:7], next(again)[:7], strict=True)
        assert all(torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in parts)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"labels": "folders"}, "none, folder, or a pattern"),
        ({"labels": r"(\d\d)_*.wav"}, "doesn't match"),
        ({"valid": 1.5}, "under 1"),
        ({"valid": "no_such.txt"}, "No such file"),
        ({"segment": 0}, "over 0"),
        ({"tail": -1}, r"data\.tail=-1: this is 0 \(none\) or more"),
    ],
)
def test_a_wrong_setting_is_named(folder, settings, named):
    with pytest.raises(ValueError, match=named):
        load(folder, **settings)


def test_folders_without_audio_say_what_is_missing(tmp_path):
    with pytest.raises(ValueError, match="no such folder"):
        load(tmp_path / "none")
    (tmp_path / "in").mkdir()
    with pytest.raises(ValueError, match="empty folder"):
        load(tmp_path / "in")
    (tmp_path / "in" / "readme.txt").write_text("hello")
    with pytest.raises(ValueError, match="no audio files"):
        load(tmp_path / "in")
    (tmp_path / "in" / "a.m4a").write_text("hello")
    with pytest.raises(ValueError, match=r"a\.m4a.*convert it to WAV or FLAC"):
        load(tmp_path / "in")


def test_two_files_that_differ_only_in_extension_are_refused(folder):
    write(folder / "a" / "0_x_0.flac")
    with pytest.raises(ValueError, match="differs only in extension"):
        load(folder)


def test_a_rate_above_the_recordings_own_is_pointed_out(folder):
    corpus = corpus_of(str(folder), CODEC, rate=16000)
    assert any("data.rate=8000 loses nothing" in note for note in corpus.notes)

"""What a MIDI keyboard plays steers what plays, from a port that is found by a part of its name."""

import asyncio
import sys
import threading
import types

import pytest

mido = pytest.importorskip("mido")

from gen.live import keyboard, play  # noqa: E402
from gen.sound import midi  # noqa: E402
from tests.live.test_stage import stage  # noqa: E402, F401  a fixture


@pytest.fixture
def keys(stage):  # noqa: F811
    """Return what hears for a stage whose second voice has no curves, and what it has said."""
    said: list = []
    made = keyboard.Keyboard(stage, said.append)
    made.said = said
    return made


def hear(keys, *kinds, **values):
    """Have a message heard; return the pitch and the loudness of the first voice."""
    keys.hear(mido.Message(*kinds, **values))
    return keys.stage.voices[0].settings["pitch"], keys.stage.voices[0].settings["loudness"]


def test_the_latest_key_that_is_held_sounds_by_its_velocity_and_the_wheel_bends(keys):
    low, high = keys.stage.voices[0].facts()["ranges"]["loudness"]
    before = dict(keys.stage.voices[1].settings)
    assert hear(keys, "note_on", note=69, velocity=127) == ("440.00", high)
    assert hear(keys, "note_on", note=57, velocity=64) == ("220.00", pytest.approx(high - 11.9, abs=0.1))
    assert hear(keys, "pitchwheel", pitch=-8192) == ("196.00", pytest.approx(high - 11.9, abs=0.1))
    assert hear(keys, "pitchwheel", pitch=0)[0] == "220.00"
    assert hear(keys, "note_off", note=57) == ("440.00", high)
    assert hear(keys, "note_on", note=69, velocity=0) == ("440.00", low)
    assert hear(keys, "note_off", note=50) == ("440.00", low)
    assert hear(keys, "note_on", note=60, velocity=1)[1] == max(low, high + midi.level(1))
    assert keys.stage.voices[1].settings == before
    assert keys.said == []


def test_percussion_and_what_is_no_note_change_nothing(keys):
    before = dict(keys.stage.voices[0].settings)
    keys.hear(mido.Message("note_on", note=60, channel=midi.DRUMS))
    keys.hear(mido.Message("control_change", control=7, value=1))
    keys.hear(mido.Message("sysex", data=(1, 2)))
    assert keys.stage.voices[0].settings == before
    assert keys.held == {}


def test_what_a_session_refuses_is_said_once(keys, monkeypatch):
    def refuse(settings):
        raise ValueError("pitch=1: no")

    monkeypatch.setattr(keys.stage.voices[0], "change", refuse)
    for _ in range(2):
        keys.hear(mido.Message("note_on", note=60))
    assert keys.said == ["MIDI: pitch=1: no"]


@pytest.fixture
def ports(monkeypatch):
    """Return the names of ports that there are, and those that are open, as mido finds them."""
    made = types.SimpleNamespace(names=["Through 0", "Keystation 49"], open=[])

    class Input:
        def __init__(self, name, **_):
            if name == "Through 0":
                raise OSError("device busy")
            self.name, self.callback = name, None
            made.open.append(self)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            made.open.remove(self)

    backend = types.ModuleType("backend_of_tests")
    backend.Input = Input
    backend.get_devices = lambda **_: [{"name": name, "is_input": True, "is_output": False} for name in made.names]
    monkeypatch.setitem(sys.modules, backend.__name__, backend)
    usual = mido.backend
    mido.set_backend(backend.__name__)
    yield made
    mido.set_backend(usual)


def test_a_port_plays_from_a_thread_of_its_own_until_it_is_closed(stage, ports):  # noqa: F811
    said: list = []

    async def played():
        (steered,) = play.by_midi(stage, "KEYS", said.append)
        async with steered:
            (port,) = ports.open
            thread = threading.Thread(target=port.callback, args=[mido.Message("note_on", note=69)])
            thread.start()
            while stage.voices[0].settings["pitch"] is None:
                await asyncio.sleep(0.01)
            thread.join()

    asyncio.run(asyncio.wait_for(played(), 10))
    assert stage.voices[0].settings["pitch"] == "440.00"
    assert said == ["MIDI is heard from Keystation 49"]
    assert ports.open == []
    assert [*play.by_midi(stage, None, said.append)] == []


def test_a_port_that_is_not_there_or_taken_is_named(ports):
    with pytest.raises(ValueError, match=r"midi=organ: no input port .* there are: Through 0, Keystation 49"):
        midi.opened("organ")
    with pytest.raises(ValueError, match=r"midi=thro: Through 0 can't be opened \(device busy\)"):
        midi.opened("thro")
    ports.names.clear()
    with pytest.raises(ValueError, match="there is none; plug one in"):
        midi.opened("organ")


def test_a_machine_without_midi_and_one_without_the_library(ports, monkeypatch):
    def broken(**_):
        raise OSError("no sequencer")

    monkeypatch.setattr(sys.modules["backend_of_tests"], "get_devices", broken)
    with pytest.raises(ValueError, match=r"midi=organ: this machine has no MIDI \(no sequencer\); leave it out"):
        midi.opened("organ")
    mido.set_backend("no_backend_of_this_name")
    with pytest.raises(ValueError, match="python-rtmidi; pip install"):
        midi.opened("organ")

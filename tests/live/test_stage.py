"""Who plays and who listens, and what of all that may come from a page is heard."""

import asyncio
import json
import random

import numpy as np
import pytest

from gen.live import stage as module
from gen.live.stage import HEADER, LISTENERS, WAITING, Stage
from gen.live.voice import Voice
from gen.sampling.settings import Settings
from tests.sampling.test_guidance import save
from tests.small import curves, save_run


@pytest.fixture
def stage(tmp_path):
    """Return a stage with two voices."""
    runs = [save(tmp_path / "told", told=curves("pitch+loudness")), save_run(tmp_path / "plain")]
    return Stage([Voice(run, 0, print) for run in runs], str(tmp_path / "kept"))


def got(listener):
    """Return what waits for a listener: JSON as dicts, sound as bytes."""
    messages = [listener.queue.get_nowait() for _ in range(listener.queue.qsize())]
    return [json.loads(message) if isinstance(message, str) else message for message in messages]


def ask(stage, listener, **message):
    """Have a listener ask something; return what they are told."""
    got(listener)
    stage.hear(listener, json.dumps(message))
    return got(listener)


def perform(stage, rounds=300):
    """Let sound be made until none is due."""

    async def briefly():
        task = asyncio.create_task(stage.perform())
        for _ in range(rounds):
            await asyncio.sleep(0)
        task.cancel()

    stage.due.set()
    asyncio.run(briefly())


def test_sound_is_made_ahead_of_what_was_played_and_no_further(stage):
    player, other = stage.join(), stage.join()
    assert [message["plays"] for message in got(player) + got(other)][-1] is False
    ask(stage, player, start=True)
    perform(stage)
    sent = [voice.sent for voice in stage.voices]
    assert all(0.06 * 8000 <= n < 0.06 * 8000 + 192 for n in sent)
    sound = [message for message in got(other) if isinstance(message, bytes)]
    assert sound == [message for message in got(player) if isinstance(message, bytes)]
    heads = [HEADER.unpack(message[: HEADER.size]) for message in sound]
    assert {(voice, epoch) for voice, epoch, _ in heads} == {(0, 1), (1, 1)}
    first = [message[HEADER.size :] for message, (voice, _, _) in zip(sound, heads, strict=True) if voice == 1]
    assert [first for voice, _, first in heads if voice == 1] == list(range(0, sent[1], len(first[0]) // 2))
    wave = stage.voices[1].trained.sample(seconds=sent[1] / 8000)
    assert np.array_equal(np.frombuffer(b"".join(first), "<i2"), np.rint(32768 * wave))
    perform(stage)
    assert [voice.sent for voice in stage.voices] == sent
    ask(stage, player, played=[100, 100], epoch=1, lead=0.1)
    perform(stage)
    assert all(900 <= voice.sent < 900 + 192 for voice in stage.voices)
    ask(stage, player, played=[900, 900], epoch=0, lead=0.1)  # of what was thrown away
    assert [voice.played for voice in stage.voices] == [100, 100]
    ask(stage, player, start=False)
    ask(stage, player, played=[900, 900], epoch=1, lead=0.1)
    perform(stage)
    assert all(voice.sent < 900 + 192 for voice in stage.voices)


def test_one_plays_the_others_listen_and_the_next_takes_over(stage):
    player, other = stage.join(), stage.join()
    ask(stage, player, start=True)
    for message in ({"start": False}, {"back": 1}, {"freeze": True}, {"keep": [0]}):
        assert ask(stage, other, **message) == [{"error": "another page plays; here one listens"}]
    assert stage.playing
    stage.leave(player)
    assert not stage.playing
    assert got(other)[-1]["plays"] is True
    assert ask(stage, other, start=True)[-1]["playing"] is True
    others = [stage.join() for _ in range(LISTENERS)]
    assert others.index(None) == LISTENERS - 1


def test_settings_go_back_freeze_and_keep(stage, tmp_path):
    player = stage.join()
    ask(stage, player, start=True)
    to = {"temperature": 0.7, "label": {"lo": 0.5, "hi": 0.5}, "pitch": "440.00", "loudness": -20, "guidance": 1.5}
    assert ask(stage, player, set=0, id=7, to=to) == [{"id": 7, "voice": 0, "from": 0, "epoch": 1}]
    perform(stage)
    assert stage.voices[0].session.settings == {**to, "seed": 0, "top_p": Settings().top_p}
    assert ask(stage, player, back=3)[-1]["epoch"] == 2
    assert [voice.settings["seed"] for voice in stage.voices] == [1, 1]
    perform(stage)
    assert ask(stage, player, freeze=True)[-1]["frozen"] is True
    assert ask(stage, player, freeze=False)[-1]["frozen"] is False
    (kept,) = ask(stage, player, keep=[0, 1])
    assert kept["kept"] == [f"{tmp_path}/kept/live-seed1-0s{more}.wav" for more in ("", "-2")]


@pytest.mark.parametrize(
    "text",
    [
        None, "", "{", "[]", "5", "null", '"start"', "{}", '{"stop": 1}', '{"start": 1}', '{"start": null}', "[" * 4000,
        '{"set": 0}', '{"set": -1, "id": 0, "to": {}}', '{"set": 9, "id": 0, "to": {}}',
        '{"set": 0, "id": 0, "to": []}',
        '{"set": 0, "id": 0, "to": {"temperature": "hot"}}', '{"set": 0, "id": 0, "to": {"temperature": 1e-9}}',
        '{"set": 0, "id": 0, "to": {"out": "x"}}', '{"set": 0, "id": 0, "to": {"label": {"no": 1}}}',
        '{"set": 0, "id": 0, "to": {"label": {}}}', '{"set": 0, "id": 0, "to": {"pitch": "\\ud800"}}',
        '{"set": 1, "id": 0, "to": {"pitch": "A4"}}', '{"set": 0, "id": 0, "to": {"seed": 18446744073709551616}}',
        '{"played": [1], "epoch": 1, "lead": 0.1}', '{"played": [NaN, 1], "epoch": 1, "lead": 0.1}',
        '{"played": [1, 1], "epoch": 1, "lead": 99}', '{"back": -1}', '{"back": 31}', '{"back": NaN}', '{"keep": 0}',
        '{"keep": [-1]}', '{"freeze": "yes"}', "x" * 5000, '{"start": true, "x": "' + "y" * 5000 + '"}',
    ],
)  # fmt: skip
def test_rubbish_is_refused_in_a_line_and_changes_nothing(stage, text):
    player = stage.join()
    before = [dict(voice.settings) for voice in stage.voices]
    got(player)
    stage.hear(player, text)
    (said,) = got(player)
    assert set(said) == {"error"}
    assert "\n" not in said["error"]
    assert [voice.settings for voice in stage.voices] == before
    assert not stage.playing


def test_a_thousand_mutated_messages_do_no_harm(stage):
    player, chance = stage.join(), random.Random(0)
    whole = ['{"set": 0, "id": 1, "to": {"temperature": 0.5, "label": {"lo": 0.5, "hi": 0.5}}}', '{"back": 1.0}']
    for _ in range(1000):
        text = list(chance.choice(whole))
        for _ in range(chance.randrange(1, 4)):
            text[chance.randrange(len(text))] = chr(chance.randrange(32, 127))
        stage.hear(player, "".join(text))
    assert player.queue.qsize() <= WAITING


def test_for_a_listener_who_is_slow_no_more_than_so_much_waits(stage):
    player, slow = stage.join(), stage.join()
    ask(stage, player, start=True)
    for _ in range(3 * WAITING):
        stage.send(1)
    assert slow.queue.qsize() == WAITING


def test_more_messages_in_a_second_than_one_can_mean_are_a_flood(stage, monkeypatch):
    player = stage.join()
    monkeypatch.setattr(module.time, "monotonic", lambda: 5.25)
    assert [player.floods() for _ in range(module.MESSAGES + 1)] == [False] * module.MESSAGES + [True]
    monkeypatch.setattr(module.time, "monotonic", lambda: 6.25)
    assert not player.floods()


def test_a_model_that_is_damaged_ends_the_sound_with_a_line(stage, monkeypatch):
    player = stage.join()
    ask(stage, player, start=True)

    def damaged():
        raise ValueError("its weights are damaged")

    monkeypatch.setattr(stage.voices[1], "block", damaged)
    perform(stage)
    assert {"error": "its weights are damaged"} in got(player)
    assert not stage.playing

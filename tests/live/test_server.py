"""The server as it runs: who is let in, what it survives, what it leaves behind."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from gen.live import server
from tests.small import save_run


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """Yield the port of a server that runs for all tests of this file, and its process.

    Then it is interrupted, though someone listens: it ends at once, and has said nothing of an error.
    """
    heed = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731  # what runs in the background ignores it
    run = save_run(tmp_path_factory.mktemp("served") / "<run>")
    made = subprocess.Popen(
        [sys.executable, "-m", "gen", "live", str(run), "port=0", "seed=3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed,
    )
    try:
        port = int(re.fullmatch(r"http://127.0.0.1:(\d+)/\n", made.stdout.readline())[1])
        yield port, made
        with joined(port) as player:
            ask(player, start=True)
            told(player, bytes)
            made.send_signal(signal.SIGINT)
            assert made.wait(60) == 130
        assert made.stderr.read() == "Ctrl-C ends it\nstopped\n"
    finally:
        made.kill()
        made.communicate()


def asked(port, path="/", **headers):
    """Return the status and the text of what is there for a browser."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={key.title(): value for key, value in headers.items()})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def joined(port, **how):
    return connect(f"ws://127.0.0.1:{port}/socket", proxy=None, max_queue=None, **how)


def told(player, kind, seconds=30.0):
    """Return the next message of a kind, bytes or a dict with that key, that comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        message = player.recv(timeout=end - time.monotonic())
        if kind is bytes and isinstance(message, bytes):
            return message
        if isinstance(message, str) and isinstance(kind, str) and kind in json.loads(message):
            return json.loads(message)
    raise AssertionError(f"no {kind}")


def ask(player, **message):
    player.send(json.dumps(message))


def test_the_page_is_whole_and_escapes_its_names(port):
    status, text = asked(port[0])
    assert status == 200
    assert "&lt;run&gt;" in text
    assert "<run>" not in text
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    assert asked(port[0], "/other")[0] == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200), ({"host": "localhost:80"}, 200), ({"host": "[::1]:80"}, 200), ({"host": "192.168.1.5"}, 200),
        ({"host": "evil.example"}, 403), ({"host": "127.0.0.1.evil.example:80"}, 403), ({"host": ""}, 403),
        ({"origin": "http://evil.example"}, 403), ({"origin": "null"}, 403), ({"origin": "http://127.0.0.1:1"}, 403),
        ({"host": "evil.example:80", "origin": "http://evil.example:80"}, 403),
        ({"host": "localhost:9", "origin": "http://localhost:9"}, 200),
        ({"host": "localhost:9", "origin": "https://localhost:9"}, 403),
    ],
)  # fmt: skip
def test_other_origins_and_names_are_refused(port, headers, status):
    assert asked(port[0], **headers)[0] == status
    if "origin" in headers and "host" not in headers:
        with pytest.raises(InvalidStatus, match="403"):
            joined(port[0], origin=headers["origin"])


def test_one_plays_two_listen_and_when_the_player_goes_it_is_quiet_and_the_next_plays(port):
    with (
        joined(port[0]) as player,
        joined(port[0], origin=f"http://127.0.0.1:{port[0]}") as first,
        joined(port[0]) as second,
    ):
        assert [told(each, "plays")["plays"] for each in (player, first, second)] == [True, False, False]
        ask(player, start=True)
        sounds = [told(each, bytes) for each in (player, first, second)]
        assert sounds[0] == sounds[1] == sounds[2]
        ask(second, start=False)
        assert "another page plays" in told(second, "error")["error"]
        player.close()
        while not told(first, "plays")["plays"]:
            pass
        with pytest.raises(TimeoutError):  # nothing is made for nobody
            first.recv(timeout=0.3)
        ask(first, start=True)
        again = told(first, bytes)
        assert (again[8:], again[2]) == (sounds[0][8:], sounds[0][2] + 1)  # from the beginning


def test_rubbish_and_a_flood_are_survived_and_nothing_grows(port):
    for rubbish in (b"\0" * 1000, b"GET / HTTP/1.1\r\nHost: " + b"x" * 100_000, b"\x16\x03\x01" * 50):
        with socket.create_connection(("127.0.0.1", port[0])) as raw:
            raw.sendall(rubbish)
            raw.settimeout(0.2)
            with contextlib.suppress(OSError):
                raw.recv(100)
    with joined(port[0]) as other:
        other.send("x" * 5000)
        with pytest.raises(ConnectionClosed):
            told(other, "nothing")
    with joined(port[0]) as listener:
        with socket.socket() as raw:  # frames of a protocol that it doesn't speak
            raw.connect(("127.0.0.1", port[0]))
            key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            key += "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            raw.sendall(
                f"GET /socket HTTP/1.1\r\nHost: localhost\r\n{key}\r\n".encode()
                + b"\x81\x85aaaa\xff\xfe\xfd\xfc\xfb"
                + b"\xff" * 999
            )
        with joined(port[0]) as flood, contextlib.suppress(ConnectionClosed):  # which it is shown out for
            for number in range(20_000):
                flood.send('{"back": 1}' if number % 2 else b"\0\1")
        ask(listener, start=True)
        assert len(told(listener, bytes)) > 100
    assert asked(port[0])[0] == 200


def test_a_process_that_was_stopped_goes_on(port):
    with joined(port[0]) as player:
        told(player, "plays")
        ask(player, start=True)
        first = told(player, bytes)
        port[1].send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        port[1].send_signal(signal.SIGCONT)
        ask(player, played=[4000], epoch=int.from_bytes(first[2:4], "little"), lead=0.3)
        for _ in range(10):
            told(player, bytes)


def test_a_port_that_is_taken_is_said_and_the_next_is_taken(port, tmp_path, capsys):
    said = []
    with contextlib.closing(server.bound("127.0.0.1", port[0], said.append)) as other:
        assert other.getsockname()[1] > port[0]
    assert said[0] == f"port {port[0]} is taken, by another gen live perhaps; the next is tried"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["run", "port=99999"], "port=99999: a port is 1 to 65535"),
        (["run", "seed=-1"], "seed=-1: seed is 0 or more"),
        (["run", "host=no.such.name.example"], "host=no.such.name.example: this is no address of this machine"),
        (["run", "host=192.0.2.1"], "host=192.0.2.1 port=8437: "),
        (["missing"], "missing"),
        (["run"] * 17, "17 runs: 16 can be played at a time"),
    ],
)
def test_what_cannot_be_played_is_said_in_a_line(gen, words, why):
    save_run("run")
    code, _, err = gen("live", *words)
    assert (code, err.count("\n")) == (1, 1), err
    assert why in err

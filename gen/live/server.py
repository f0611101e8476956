"""The page and its socket, for this machine alone. The only door to `starlette` and `uvicorn`.

Another site in the same browser can reach a server on the loopback address too: by its address, which the header Origin
tells of, or by a name of its own that it has lead there (DNS rebinding), which Host tells of. Both are refused.
"""

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket

from gen.live.stage import LONGEST, Listener, Stage

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import HTTPConnection
    from starlette.responses import HTMLResponse, PlainTextResponse
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket, WebSocketDisconnect
except ImportError:
    raise ValueError("playing live needs starlette, uvicorn and websockets; pip install 'gen[live]'") from None

TRIED = 20  # ports, from the one that was asked for
HEADERS = {"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
FLOODED, FULL = 1008, 1013  # codes that close a socket: against our policy, try again later (RFC 6455, section 7.4)


def bound(host: str, port: int, say) -> socket.socket:
    """Return a socket bound to a port of `host`, or the next that is free, which `say` is told. Raises ValueError."""
    for number in range(port, min(port + TRIED, 65536)):
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
            made = socket.socket(family, kind)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.listen()
        except socket.gaierror:
            raise ValueError(f"host={host}: this is no address of this machine; leave it out for 127.0.0.1") from None
        except OSError as error:
            made.close()
            if error.errno != errno.EADDRINUSE:
                raise ValueError(f"host={host} port={number}: {error.strerror}; give another") from None
            say(f"port {number} is taken, by another gen live perhaps; the next is tried")
            continue
        return made
    raise ValueError(f"port={port}: this one and those behind it are taken; give another")


def is_ours(asked: HTTPConnection, host: str) -> bool:
    """Return whether the one who asks for something is on a page of this server, or on none."""
    here = asked.headers.get("host", "")
    name = here.rpartition(":")[0].strip("[]") if here.rpartition(":")[2].isdigit() else here.strip("[]")
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(name)
        name = "localhost"  # an address is nobody's name
    return name in ("localhost", host) and asked.headers.get("origin", f"http://{here}") == f"http://{here}"


def application(stage: Stage, page: str, host: str):
    """Return the page and its socket as an ASGI application."""

    async def show(_):
        return HTMLResponse(page, headers=HEADERS)

    async def attend(connection: WebSocket):
        await connection.accept()
        listener = stage.join()
        if listener is None:
            await connection.close(FULL, "there are listeners enough")
            return
        sending = asyncio.create_task(send(connection, listener))
        try:
            while (message := await connection.receive())["type"] != "websocket.disconnect":
                if listener.floods():
                    await connection.close(FLOODED, "so many messages nobody means")
                    break
                stage.hear(listener, message.get("text"))
        finally:
            sending.cancel()
            stage.leave(listener)

    inner = Starlette(routes=[Route("/", show), WebSocketRoute("/socket", attend)])

    async def guarded(scope, receive, send):
        if is_ours(HTTPConnection(scope), host):
            await inner(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).close()  # before it is accepted, which is a 403
        else:
            await PlainTextResponse("this page is for this machine alone", 403)(scope, receive, send)

    return guarded


async def send(connection: WebSocket, listener: Listener):
    """Send a listener what waits for them, until they have gone."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            message = await listener.queue.get()
            await (connection.send_text if isinstance(message, str) else connection.send_bytes)(message)


def server(app) -> uvicorn.Server:
    """Return the server of an application."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # what strangers send is no error of ours
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="websockets-sansio",
            ws_max_size=LONGEST,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )


async def serve(stage: Stage, page: str, host: str, place: socket.socket):
    """Serve the page at `place`, a socket that is bound, and play, until the process is stopped."""
    playing = asyncio.create_task(stage.perform())
    try:
        await server(application(stage, page, host)).serve([place])
    finally:
        playing.cancel()

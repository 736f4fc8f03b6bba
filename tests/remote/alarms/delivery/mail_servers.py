"""A real mail server (aiosmtpd) that fails at exactly the point it is told."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

RESET = "reset"
HANG = "hang"


@dataclass(frozen=True)
class Mail:
    """What the server took."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    encrypted: bool
    user: str

    @property
    def message(self) -> Message:
        return BytesParser(policy=default).parsebytes(self.data)

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"]).strip()


@dataclass
class MailBox:
    """The running server: what it took, and where it is to fail."""

    port: int = 0
    taken: list[Mail] = field(default_factory=list)
    connections: int = 0
    faults: dict[str, list[str]] = field(default_factory=dict)
    """By point (``banner``, ``EHLO``, ``STARTTLS``, ``MAIL``, ``RCPT bob@lab.example``, ``DATA``, ``message``,
    ``taken``, ``QUIT``): answers for the next times, such as ``451 later`` or `RESET`; then it works."""
    released: threading.Event = field(default_factory=threading.Event)
    """Ends what hangs."""

    def recipients(self) -> list[str]:
        """Everybody who got a mail, once for each."""
        return [one for mail in self.taken for one in mail.recipients]

    def fault(self, point: str) -> str:
        found = self.faults.get(point)
        return found.pop(0) if found else ""

    async def handle_DATA(self, server: _Faulty, session: Session, envelope: Envelope) -> str:
        if fault := self.fault("message"):
            return await server.fail(fault)
        user = session.auth_data.decode() if isinstance(session.auth_data, bytes) else ""
        content = bytes(envelope.content or b"")
        self.taken.append(
            Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, session.ssl is not None, user)
        )
        if fault := self.fault("taken"):
            return await server.fail(fault)
        return "250 taken"


class _Faulty(SMTP):
    box: MailBox
    greeted = False

    async def fail(self, fault: str) -> str:
        """The answer; or no answer at all."""
        if fault == HANG:
            await asyncio.get_running_loop().run_in_executor(None, self.box.released.wait)
            fault = RESET
        if fault == RESET:
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
            raise asyncio.CancelledError
        return fault

    async def push(self, status: Any) -> None:
        if not self.greeted:
            self.greeted = True
            self.box.connections += 1
            if fault := self.box.fault("banner"):
                status = await self.fail(fault)
        await super().push(status)

    async def _unless(self, point: str, usual: Callable[[str], Any], arg: str) -> None:
        if fault := self.box.fault(point):
            await self.push(await self.fail(fault))
        else:
            await usual(arg)

    async def smtp_EHLO(self, arg: str) -> None:
        await self._unless("EHLO", super().smtp_EHLO, arg)

    async def smtp_STARTTLS(self, arg: str) -> None:
        await self._unless("STARTTLS", super().smtp_STARTTLS, arg)

    async def smtp_MAIL(self, arg: str) -> None:
        await self._unless("MAIL", super().smtp_MAIL, arg)

    async def smtp_RCPT(self, arg: str) -> None:
        await self._unless(f"RCPT {arg.partition('<')[2].rstrip('>')}", super().smtp_RCPT, arg)

    async def smtp_DATA(self, arg: str) -> None:
        await self._unless("DATA", super().smtp_DATA, arg)

    async def smtp_QUIT(self, arg: str) -> None:
        await self._unless("QUIT", super().smtp_QUIT, arg)


def _knows(user: str, password: str) -> Callable[..., AuthResult]:
    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        good = (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=good, auth_data=data.login, handled=False)

    return authenticate


@contextmanager
def mail_server(
    faults: Mapping[str, list[str]] | None = None,
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
) -> Iterator[MailBox]:
    """A server on a free port of this machine."""
    box = MailBox(faults=dict(faults or {}))
    loop = asyncio.new_event_loop()

    def connection() -> SMTP:
        made = _Faulty(
            box,
            loop=loop,
            hostname="mail.example",
            tls_context=starttls,
            authenticator=_knows(*login) if login else None,
            auth_required=login is not None,
            auth_require_tls=starttls is not None,
        )
        made.box = box
        return made

    server = loop.run_until_complete(loop.create_server(connection, "127.0.0.1", 0, ssl=tls))
    box.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield box
    finally:
        box.released.set()
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop(server: asyncio.AbstractServer) -> None:
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait(others, timeout=2) if others else None

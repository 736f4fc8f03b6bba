"""Mail through a server (RFC 5321): one transaction for all recipients of a message, with an answer for each.

Until the first recipient is named, whatever the server says is about us and not about the message: it is tried again.
After that 4yz is tried again and 5yz is final, for a recipient or for the message. If the connection breaks before the
last answer, nobody knows whether the message was taken: it goes again with the same `Message-ID`.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Literal

from .cutting import Deadline
from .letter import letter
from .transports import Parcel, Result
from .wording import one_line

CONNECT_SECONDS = 10.0
TALK_SECONDS = 60.0
"""For everything before the message."""
ANSWER_SECONDS = 300.0
"""For the message and the answer to it. Servers that look for viruses take long, and who hangs up early makes a
repeat (RFC 5321 4.5.3.2.6)."""
_LONGEST_WORDS = 200


@dataclass(frozen=True, slots=True)
class MailServer:
    """How a server is spoken to; a ``Transport``."""

    host: str
    port: int
    tls: Literal["off", "starttls", "tls"]
    hello: str
    """Our own name."""
    user: str = ""
    password: str = field(default="", repr=False)
    trust: ssl.SSLContext | None = None
    """Authorities whose certificates are believed; None: the system's."""

    def deliver(self, parcel: Parcel) -> Result:
        """See ``Transport``."""
        talk = _Talk(parcel)
        try:
            with self._session() as (smtp, deadline):
                talk.through(smtp, deadline)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            talk.broken = words_of(error)
        return talk.result()

    @contextmanager
    def _session(self) -> Iterator[tuple[smtplib.SMTP, Deadline]]:
        context = self.trust or ssl.create_default_context()
        if self.tls == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=self.hello, timeout=CONNECT_SECONDS, context=context)
        else:
            smtp = smtplib.SMTP(local_hostname=self.hello, timeout=CONNECT_SECONDS)
        # The name that the certificate has to bear; connect() alone does not set it.
        smtp._host = self.host  # type: ignore[attr-defined]
        with Deadline(TALK_SECONDS, lambda: smtp.sock) as deadline:
            try:
                self._greet(smtp, context)
                yield smtp, deadline
            finally:
                smtp.close()

    def _greet(self, smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
        code, words = smtp.connect(self.host, self.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        smtp.ehlo_or_helo_if_needed()
        if self.tls == "starttls":
            smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
        if self.user:
            smtp.login(self.user, self.password)


@dataclass(slots=True)
class _Talk:
    """The transaction, as far as it came."""

    parcel: Parcel
    taken: list[str] = field(default_factory=list)
    """Recipients that the server agreed to."""
    later: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    reached: tuple[str, ...] = ()
    broken: str = ""
    answer: str = ""
    is_unsure: bool = False
    """The message is out, or a part of it, and no answer came yet."""

    def through(self, smtp: smtplib.SMTP, deadline: Deadline) -> None:
        """Go through it.

        Raises:
            SMTPException, OSError: it ended before its end.
        """
        content = self.parcel.content
        mail = letter(self.parcel.subject, content)
        _patience(smtp, deadline.left)
        sender = parseaddr(content["from"])[1]
        code, words = smtp.mail(sender, [f"size={len(mail)}"] if smtp.has_extn("size") else [])
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, words, sender)
        for address in self.parcel.destinations:
            _patience(smtp, deadline.left)
            self._note(address, *smtp.rcpt(address))
        if self.taken:
            deadline.extend(ANSWER_SECONDS)
            _patience(smtp, ANSWER_SECONDS)
            self._send(smtp, mail)
        _part(smtp, deadline)

    def _note(self, address: str, code: int, words: bytes) -> None:
        if code in (250, 251):
            self.taken.append(address)
        elif 500 <= code < 600:
            self.refused[address] = _said(code, words)
        elif code == 421:
            raise smtplib.SMTPResponseException(code, words)
        else:
            self.later[address] = _said(code, words)

    def _send(self, smtp: smtplib.SMTP, mail: bytes) -> None:
        self.is_unsure = True
        try:
            code, words = smtp.data(mail)
        except smtplib.SMTPDataError as error:
            code, words = error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b""
        self.is_unsure = False
        self.answer = _said(code, words)
        if 200 <= code < 300:
            self.reached = tuple(self.taken)
        elif 500 <= code < 600:
            self.refused |= dict.fromkeys(self.taken, self.answer)

    def result(self) -> Result:
        """What it came to."""
        said = [f"{len(self.reached)} of {len(self.parcel.destinations)} taken" if self.reached else ""]
        said += [self.answer, self.broken, "it may have been taken all the same" if self.is_unsure else ""]
        said += [f"{address}: {words}" for address, words in (self.refused | self.later).items()]
        detail = "; ".join(one for one in said if one)
        return Result(self.reached, dict(self.refused), detail)


def words_of(error: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return _said(error.smtp_code, words if isinstance(words, bytes) else str(words).encode())
    return one_line(f"{type(error).__name__}: {error}", _LONGEST_WORDS)


def _part(smtp: smtplib.SMTP, deadline: Deadline) -> None:
    """Say good-bye; what was agreed stays, whatever the server says to that."""
    deadline.extend(CONNECT_SECONDS)
    try:
        _patience(smtp, CONNECT_SECONDS)
        smtp.quit()
    except (OSError, smtplib.SMTPException):
        pass


def _patience(smtp: smtplib.SMTP, seconds: float) -> None:
    if isinstance(smtp.sock, socket.socket):
        smtp.sock.settimeout(seconds)


def _said(code: int, words: bytes) -> str:
    return one_line(f"{code} {words.decode('utf-8', 'replace')}", _LONGEST_WORDS)

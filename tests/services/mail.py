"""An SMTP server in this process that keeps the messages it takes."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from tests.services.certificates import server_context
from tests.services.ports import free_port

__all__ = ["MailServer", "running_mail"]


class MailServer:
    """Keeps messages in `messages`; `judge_recipient` and `judge_message` say what is answered to them."""

    def __init__(self) -> None:
        self.port = 0
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.logins: list[tuple[str, str]] = []
        self.judge_recipient: Callable[[str], str] = lambda address: "250 OK"
        self.judge_message: Callable[[EmailMessage], str] = lambda message: "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if (answer := self.judge_recipient(address)).startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        if (answer := self.judge_message(message)).startswith("250"):
            self.messages.append(message)
            self.recipients.append(list(envelope.rcpt_tos))
        return answer

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"secret", handled=False)


@contextmanager
def running_mail(certificate: Path | None = None, *, tls: str = "none", login: bool = False) -> Iterator[MailServer]:
    """A server on a free port of 127.0.0.1; `tls` is "none", "starttls" or "tls"."""
    kept = MailServer()
    context = server_context(certificate) if certificate else None
    options: dict[str, Any] = {"require_starttls": True, "tls_context": context} if tls == "starttls" else {}
    if login:
        options |= {"authenticator": kept.authenticate, "auth_required": True, "auth_require_tls": tls == "starttls"}
    controller = Controller(kept, "127.0.0.1", free_port(), ssl_context=context if tls == "tls" else None, **options)
    kept.port = controller.port
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()

"""Messages by e-mail."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from dragoman.monitoring.alerts.cutoff import cut_off
from dragoman.monitoring.alerts.delivery import Delivery, Sender, failed, refused, sent, unreachable
from dragoman.monitoring.alerts.moments import moment_of
from dragoman.monitoring.alerts.words import subject_of, text_of
from dragoman.records import Notice
from dragoman.spec.receivers import EmailReceiver

__all__ = ["EmailSender", "email_of"]

logger = logging.getLogger(__name__)

PORTS = {"starttls": 587, "tls": 465, "none": 25}
THREADS = 8  # alerts that a message says it belongs to: their ids fit into one line
POLICY = SMTP.clone(max_line_length=998)  # the most that SMTP allows: shorter lines would tear long ids apart
SHOWN = 200  # characters of an answer in a message
LASTING = 500  # SMTP codes from here on say that another attempt will not help
ACCESS = (530, 534, 535, 538)  # but for these: a password is mended by people, within days (RFC 4954)


class EmailSender(Sender):
    """Gives messages to an SMTP server. A message is delivered when the server has taken it."""

    def __init__(self, receiver: EmailReceiver, environ: Mapping[str, str]) -> None:
        self.receiver, self.environ = receiver, environ

    def send(self, notice: Notice) -> Delivery:
        if missing := [name for name in self.receiver.secret_names if not self.environ.get(name)]:
            return failed(f"the environment variable {missing[0]} is not set")
        try:
            with self._session() as server:
                left = server.send_message(
                    email_of(notice, self.receiver), self.receiver.sender, self.receiver.recipients
                )
        except smtplib.SMTPRecipientsRefused as error:
            return _judge_recipients(error.recipients)
        except smtplib.SMTPResponseException as error:
            return _judge(error.smtp_code, _text(error.smtp_error))
        except (OSError, smtplib.SMTPException) as error:
            return unreachable(_in_words(error))
        return self._left_out(left) if left else sent()

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A server that is ready to take messages, for as long as an attempt may take."""
        one, context = self.receiver, ssl.create_default_context()
        server = (
            smtplib.SMTP_SSL(timeout=one.timeout_seconds, context=context)
            if one.tls == "tls"
            else smtplib.SMTP(timeout=one.timeout_seconds)
        )
        try:
            with cut_off(lambda: server.sock, one.timeout_seconds):
                server._host = one.host  # type: ignore[attr-defined]  # noqa: SLF001 - TLS checks this name
                server.connect(one.host, one.port or PORTS[one.tls])
                if one.tls == "starttls":
                    server.starttls(context=context)
                if one.username:
                    server.login(one.username, self.environ[one.password_env].strip("\r\n"))
                yield server
        finally:
            server.close()  # a goodbye would change nothing, and may hang

    def _left_out(self, left: Mapping[str, tuple[int, bytes]]) -> Delivery:
        """Some recipients have it. The others get another attempt, if that may help; who has it can tell by its id."""
        codes = ", ".join(f"{address} ({code})" for address, (code, _) in left.items())
        if any(code < LASTING for code, _ in left.values()):
            return failed(f"these recipients were put off: {codes}")
        logger.error("Receiver '%s': the server takes no mail for %s.", self.receiver.name, codes)
        return sent()


def email_of(notice: Notice, receiver: EmailReceiver) -> EmailMessage:
    """The message, the same however often it is made. Mail readers show messages about one alert as one thread."""
    domain = parseaddr(receiver.sender)[1].rpartition("@")[2]
    message = EmailMessage(policy=POLICY)
    message["Message-ID"] = f"<{notice.id}@{domain}>"
    message["References"] = " ".join(f"<{alert.id}.alert@{domain}>" for alert in notice.alerts[:THREADS])
    message["Date"] = format_datetime(moment_of(notice.created).astimezone(UTC))
    message["From"], message["To"] = receiver.sender, ", ".join(receiver.recipients)
    message["Subject"] = " ".join(subject_of(notice).split())
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text_of(notice), cte="quoted-printable")  # any server takes it
    return message


def _judge_recipients(codes: Mapping[str, tuple[int, bytes]]) -> Delivery:
    """Nobody gets it. One who was only put off is worth another attempt."""
    code, text = min(codes.values(), key=lambda answer: answer[0])
    return _judge(code, _text(text))


def _judge(code: int, text: str) -> Delivery:
    said = f"answered {code}" + (f": {text}" if text else "")
    if code < 0:
        return unreachable("the connection ended")
    return refused(said) if code >= LASTING and code not in ACCESS else failed(said)


def _text(answer: bytes | str) -> str:
    return (answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer)[:SHOWN]


def _in_words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be reached: {error.strerror}"
    return f"it cannot be reached: {type(error).__name__}"

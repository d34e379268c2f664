from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from tests.monitoring.alerts.world import alert, at, notice
from tests.services.certificates import write_certificate
from tests.services.ports import free_port

pytest.importorskip("aiosmtpd", reason="aiosmtpd is not installed")
from tests.services.mail import running_mail

from dragoman.monitoring.alerts import sender_of
from dragoman.monitoring.alerts.delivery import Delivery, sent
from dragoman.monitoring.alerts.mail import email_of
from dragoman.spec.receivers import EmailReceiver


def receiver(port: int, **options) -> EmailReceiver:
    plain = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": "Dragoman <dragoman@example.com>"}
    plain |= {"name": "mail", "recipients": ["ada@example.com"], "timeout_seconds": 5.0}
    return EmailReceiver(**plain | options)


def send(port: int, environ: dict[str, str] | None = None, **options) -> Delivery:
    return sender_of(receiver(port, **options), environ or {}).send(notice())


@pytest.fixture
def mail():
    with running_mail() as server:
        yield server


def test_a_message_says_everything_in_plain_text(mail):
    assert send(mail.port, recipients=["ada@example.com", "Bob <bob@example.com>"]) == sent()
    (message,) = mail.messages
    assert message["Subject"] == "[ticket] support v7: latency in Hindi"
    assert (message["From"], message["To"]) == (
        "Dragoman <dragoman@example.com>",
        "ada@example.com, Bob <bob@example.com>",
    )
    assert mail.recipients == [["ada@example.com", "bob@example.com"]]
    assert message["Message-ID"] == "<n1@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_content()
    for part in ("12% of requests in Hindi", "team@example.com", "+1 555 0100", alert().runbook, "p_value  1e-09"):
        assert part in text


def test_messages_about_one_alert_are_one_thread():
    first, other = notice(), notice(id="n2", alerts=[alert(status="resolved", ended=at(60)), alert(id="a2")])
    threads = [email_of(one, receiver(25))["References"].split() for one in (first, other)]
    assert threads == [["<a1.alert@example.com>"], ["<a1.alert@example.com>", "<a2.alert@example.com>"]]


def test_a_message_is_the_same_however_often_it_is_made():
    assert email_of(notice(), receiver(25)).as_bytes() == email_of(notice(), receiver(25)).as_bytes()


def test_long_headers_keep_their_meaning():
    many = [alert(id=f"{number:026}", summary="größer", language="th") for number in range(60)]
    sender = f"dragoman@{'long.' * 12}example.com"
    message = email_of(notice(alerts=many), receiver(25, sender=sender))
    written = message.as_bytes()
    assert max(map(len, written.split(b"\r\n"))) <= 998
    assert b"=?" not in written.partition(b"\r\n\r\n")[0]
    assert message["Subject"] == "[ticket] support v7: latency in Thai and 59 more"
    assert "And 20 more: dragoman monitor alerts" in message.get_content()


def test_a_model_name_cannot_write_headers():
    message = email_of(notice(alerts=[alert(name="x\r\nBcc: eve@example.com")]), receiver(25))
    assert message["Bcc"] is None
    assert message["Subject"] == "[ticket] support v7: x Bcc: eve@example.com in Hindi"


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_server_that_nobody_vouches_for_gets_nothing(tls, tmp_path, monkeypatch):
    certificate = write_certificate(tmp_path)
    with running_mail(certificate, tls=tls) as server:
        assert send(server.port, tls=tls).text.startswith("its certificate is not trusted: ")
        assert server.messages == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert send(server.port, tls=tls) == sent()
    assert len(server.messages) == 1


def test_the_name_and_password_are_given_to_the_server(tmp_path, monkeypatch):
    certificate = write_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    options = {"tls": "starttls", "username": "ada", "password_env": "P"}
    with running_mail(certificate, tls="starttls", login=True) as server:
        assert send(server.port, {"P": "secret"}, **options) == sent()
        assert server.logins == [("ada", "secret")]
        wrong = send(server.port, {"P": "wrong"}, **options)
    assert (wrong.outcome, wrong.text[:12]) == ("failed", "answered 535")
    assert len(server.messages) == 1


def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(mail):
    delivery = send(mail.port, tls="starttls")
    assert delivery.outcome == "failed"
    assert mail.messages == []


def test_a_password_that_is_not_set_costs_an_attempt(mail):
    delivery = send(mail.port, {}, username="ada", password_env="P")
    assert delivery == Delivery("failed", "the environment variable P is not set")


@pytest.mark.parametrize(
    ("answer", "outcome"), [("554 spam", "refused"), ("552 too large", "refused"), ("451 later", "failed")]
)
def test_the_servers_code_decides(mail, answer, outcome):
    mail.judge_message = lambda message: answer
    assert send(mail.port) == Delivery(outcome, f"answered {answer[:3]}: {answer[4:]}")
    mail.judge_message, mail.judge_recipient = (lambda message: "250 OK"), (lambda address: answer)
    assert send(mail.port) == Delivery(outcome, f"answered {answer[:3]}: {answer[4:]}")
    assert mail.messages == []


def test_one_recipient_that_does_not_exist_does_not_stop_the_others(mail, caplog):
    mail.judge_recipient = lambda address: "550 unknown" if "bob" in address else "250 OK"
    assert send(mail.port, recipients=["ada@example.com", "bob@example.com"]) == sent()
    assert mail.recipients == [["ada@example.com"]]
    assert "bob@example.com (550)" in caplog.text


def test_a_recipient_that_is_put_off_gets_another_attempt(mail):
    mail.judge_recipient = lambda address: "451 greylisted" if "bob" in address else "250 OK"
    delivery = send(mail.port, recipients=["ada@example.com", "bob@example.com"])
    assert delivery == Delivery("failed", "these recipients were put off: bob@example.com (451)")


def test_where_nobody_listens_another_attempt_may_help():
    delivery = send(free_port())
    assert delivery == Delivery("failed", "it cannot be reached: Connection refused", is_reachable=False)


def test_a_server_that_drips_is_cut_off():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            with contextlib.suppress(OSError), listening.accept()[0] as one:
                while one.send(b"220-wait\r\n"):
                    stop.wait(0.02)

        stop = threading.Event()
        thread = threading.Thread(target=drip)
        thread.start()
        delivery = send(listening.getsockname()[1], timeout_seconds=0.3)
        thread.join(10)
    assert (delivery.outcome, delivery.is_reachable, thread.is_alive()) == ("failed", False, False)

from __future__ import annotations

import time

import msgspec
import pytest
from tests.monitoring.alerts.world import Clock, alert, at, courier, hook, notice, store
from tests.services.certificates import write_certificate
from tests.services.ports import free_port
from tests.services.web import Reply, WebServer, running_web

from dragoman.monitoring.alerts import sender_of
from dragoman.monitoring.alerts.delivery import Delivery, sent
from dragoman.monitoring.alerts.webhook import WebhookMessage, signature_of
from dragoman.store.memory_catalog import MemoryCatalog


@pytest.fixture
def web():
    with running_web() as server:
        yield server


def send(web: WebServer, environ: dict[str, str] | None = None, **options: object) -> Delivery:
    receiver = hook(url=f"{web.url}/hook?team=a", **options)
    return sender_of(receiver, environ or {}).send(notice())


def answering(web: WebServer, status: int, **options: object) -> Delivery:
    web.reply = lambda request: Reply(status, **options)
    return send(web)


def test_the_message_says_everything(web):
    assert send(web) == sent()
    (request,) = web.requests
    message = msgspec.json.decode(request.body, type=WebhookMessage)
    assert request.path == "/hook?team=a"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == request.headers["webhook-id"] == message.id == "n1"
    assert (message.format, message.status, message.receiver) == ("dragoman.alerts.v1", "firing", "hook")
    assert message.subject == "[ticket] support v7: latency in Hindi"
    (told,) = message.alerts
    assert (told.owner, told.runbook, told.evidence) == (alert().owner, alert().runbook, alert().evidence)
    assert "authorization" not in request.headers
    assert "webhook-signature" not in request.headers


def test_a_message_is_the_same_bytes_however_often_it_is_sent(web):
    send(web)
    send(web)
    assert web.requests[0].body == web.requests[1].body


def test_a_token_or_a_password_goes_with_the_message(web):
    send(web, {"T": "tell-nobody"}, token_env="T")
    send(web, {"P": "pass"}, username="ada", password_env="P")
    assert [one.headers["authorization"] for one in web.requests] == ["Bearer tell-nobody", "Basic YWRhOnBhc3M="]


def test_the_signature_is_that_of_standard_webhooks():
    """The example of the specification's reference implementation."""
    body = b'{"event_type":"ping","data":{"success":true}}'
    signature = signature_of("whsec_plJ3nmyCDGBKInavdOK15jsl", "msg_loFOjxBNrRLzqYUf", "1731705121", body)
    assert signature == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


def test_a_signed_message_can_be_verified(web):
    assert send(web, {"S": "any secret"}, secret_env="S") == sent()
    (request,) = web.requests
    stamp = request.headers["webhook-timestamp"]
    assert abs(int(stamp) - time.time()) < 60
    assert request.headers["webhook-signature"] == signature_of("any secret", "n1", stamp, request.body)


def test_a_secret_that_is_not_set_costs_an_attempt_and_nothing_is_sent(web):
    for options in ({"secret_env": "S"}, {"token_env": "S"}, {"url": "", "url_env": "S"}):
        delivery = sender_of(hook(**{"url": web.url, **options}), {}).send(notice())
        assert delivery.outcome == "failed"
        assert delivery.text == "the environment variable S is not set"
    assert send(web, {"S": "whsec_?"}, secret_env="S").outcome == "failed"
    assert web.requests == []


@pytest.mark.parametrize("status", [400, 405, 410, 413, 422])
def test_a_refusal_is_lasting(web, status):
    delivery = answering(web, status, body=b"no\n  such hook")
    assert delivery == Delivery("refused", f"answered {status}: no such hook")


@pytest.mark.parametrize("status", [401, 403, 404, 408, 425, 429, 500, 502, 503, 504])
def test_other_failures_pass(web, status):
    assert answering(web, status) == Delivery("failed", f"answered {status}")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("30", 30), ("0", 0), ("999999999", 86_400), ("soon", 0), ("-5", 0), ("Mon, 01 Jan 2001 00:00:00 GMT", 0)],
)
def test_the_receiver_may_say_when_to_come_back(web, header, seconds):
    assert answering(web, 429, headers={"Retry-After": header}).retry_after == seconds


def test_the_receiver_may_name_a_date_to_come_back(web):
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 600))
    assert 500 < answering(web, 503, headers={"Retry-After": date}).retry_after <= 600


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(web, status):
    with running_web() as other:
        delivery = answering(web, status, headers={"Location": f"{other.url}/elsewhere"})
        assert other.requests == []
    assert delivery == Delivery("failed", f"answered {status}, a redirect, which is not followed")


def test_an_answer_that_never_ends_is_cut_off(web):
    web.reply = lambda request: Reply(drip_seconds=0.02)
    delivery = send(web, timeout_seconds=0.3)
    assert delivery == Delivery("failed", "no answer within 0.3 seconds", is_reachable=False)


def test_a_receiver_that_says_nothing_is_not_waited_for(web):
    web.reply = lambda request: time.sleep(1) or Reply()
    assert not send(web, timeout_seconds=0.1).is_reachable


def test_a_connection_that_ends_without_a_word_is_a_failure(web):
    web.reply = lambda request: Reply(silent=True)
    delivery = send(web)
    assert (delivery.outcome, delivery.is_reachable) == ("failed", False)


def test_where_nobody_listens_another_attempt_may_help():
    delivery = sender_of(hook(url=f"http://127.0.0.1:{free_port()}/secret-path"), {}).send(notice())
    assert delivery == Delivery("failed", "it cannot be reached: Connection refused", is_reachable=False)


def test_a_name_that_nobody_has_is_a_failure():
    delivery = sender_of(hook(url="https://nobody.invalid/secret-path"), {}).send(notice())
    assert (delivery.outcome, delivery.is_reachable) == ("failed", False)
    assert "secret-path" not in delivery.text


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(tmp_path, monkeypatch):
    certificate = write_certificate(tmp_path)
    with running_web(certificate) as server:
        sender = sender_of(hook(url=server.url.replace("http", "https")), {})
        delivery = sender.send(notice())
        assert delivery.text.startswith("its certificate is not trusted: ")
        assert server.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert sender.send(notice()) == sent()
    assert len(server.requests) == 1


def test_an_address_in_the_environment_must_be_one():
    sender = sender_of(hook(url="", url_env="U"), {"U": "ftp://example.com/x"})
    assert sender.send(notice()) == Delivery("failed", "its address is no http or https address")


def test_secrets_that_a_receiver_repeats_are_not_shown(web):
    web.reply = lambda request: Reply(400, body=f"bad {request.headers['authorization']}".encode())
    assert send(web, {"T": "tell-nobody"}, token_env="T").text == "answered 400: bad Bearer …"
    assert send(web, {"P": "pass"}, username="ada", password_env="P").text == "answered 400: bad Basic …"


def test_a_newline_at_the_end_of_a_secret_is_no_part_of_it(web):
    send(web, {"T": "tell-nobody\n"}, token_env="T")
    assert web.requests[0].headers["authorization"] == "Bearer tell-nobody"


def test_an_answer_of_any_bytes_can_be_kept(web):
    assert answering(web, 400, body=b"a\x00b\xff\x1b[31m").text == "answered 400: a b\ufffd [31m"


def test_a_message_arrives_once_through_failures_of_all_kinds(web):
    catalog, clock = MemoryCatalog(), Clock()
    store(catalog, notice())
    troubles = [Reply(503), Reply(silent=True), Reply(429, headers={"Retry-After": "40"}), Reply(302), Reply(500)]
    taken: list[str] = []

    def reply(request):
        if troubles:
            return troubles.pop(0)
        taken.append(request.headers["idempotency-key"])
        return Reply(202)

    web.reply = reply
    one = courier(catalog, {"hook": sender_of(hook(url=web.url), {})}, clock)
    for _ in range(200):
        one.tick()
        clock.pass_by(5)
    assert taken == ["n1"]
    assert len(web.requests) == 6
    assert [(one.status, one.attempts) for one in catalog.notices()] == [("sent", 6)]


def test_an_end_without_anything_that_fires_is_resolved(web):
    over = alert(status="resolved", ended=at(60))
    sender_of(hook(url=web.url), {}).send(notice(alerts=[over]))
    assert web.requests[0].json["status"] == "resolved"
    assert web.requests[0].json["subject"] == "[resolved] support v7: latency in Hindi"

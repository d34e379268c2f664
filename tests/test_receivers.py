from __future__ import annotations

import jsonschema
import pytest

from dragoman.errors import InvalidSpec
from dragoman.spec.receivers import (
    RECEIVER_KINDS,
    AlertmanagerReceiver,
    EmailReceiver,
    WebhookReceiver,
    missing_secrets,
    receiver_rows,
    receivers_schema,
)
from dragoman.spec.receivers_file import parse_receivers, read_receivers

WHOLE = """
[[receivers]]
name = "on-call"
kind = "webhook"
url = "https://alerts.example.com/hook?team=a"
token_env = "ALERTS_TOKEN"
secret_env = "ALERTS_SECRET"
severities = ["page"]
timeout_seconds = 5

[[receivers]]
name = "hindi"
kind = "email"
host = "smtp.example.com"
from = "Dragoman <dragoman@example.com>"
to = ["ada@example.com", "Bob <bob@example.com>"]
username = "dragoman"
password_env = "SMTP_PASSWORD"
models = ["support"]
languages = ["hi", "pt-BR"]

[[receivers]]
name = "prometheus"
kind = "alertmanager"
url_env = "ALERTMANAGER"
"""


def webhook(lines: str, *, url: str = 'url = "https://example.com"') -> str:
    return f'[[receivers]]\nname = "hook"\nkind = "webhook"\n{url}\n{lines}\n'


def email(lines: str) -> str:
    return (
        '[[receivers]]\nname = "mail"\nkind = "email"\nhost = "smtp.example.com"\n'
        f'from = "a@example.com"\nto = ["b@example.com"]\n{lines}\n'
    )


def test_each_kind_of_receiver_is_read():
    hook, mail, manager = parse_receivers(WHOLE)
    assert isinstance(hook, WebhookReceiver)
    assert (hook.severities, hook.timeout_seconds, hook.models) == (["page"], 5, [])
    assert isinstance(mail, EmailReceiver)
    assert (mail.sender, mail.recipients[1], mail.tls) == (
        "Dragoman <dragoman@example.com>",
        "Bob <bob@example.com>",
        "starttls",
    )
    assert isinstance(manager, AlertmanagerReceiver)
    assert manager.url_env == "ALERTMANAGER"


def test_without_a_file_there_are_no_receivers(tmp_path):
    assert read_receivers(tmp_path / "receivers.toml") == []
    (tmp_path / "receivers.toml").write_text(WHOLE, encoding="utf-8")
    assert len(read_receivers(tmp_path / "receivers.toml")) == 3


@pytest.mark.parametrize("content", [b"\xff", None])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "receivers.toml"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(InvalidSpec, match=r"receivers\.toml"):
        read_receivers(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = [", "is not TOML"),
        ("receiver = 1", "unknown key 'receiver'"),
        ("receivers = 1", "'receivers' is no list of tables"),
        ("receivers = [1]", "'receivers' is no list of tables"),
        ('[[receivers]]\nname = "a"', r"receiver 1 \('a'\): the table lacks the required key 'kind'"),
        ('[[receivers]]\nkind = "pager"', "'kind' is 'pager'. Help: Valid kinds are webhook, email, alertmanager"),
        ("[[receivers]]\nkind = [1]", r"'kind' is \[1\]"),
        (webhook("severity = []"), "unknown key 'severity'. Help: did you mean 'severities'"),
        (webhook("zzz = 1"), "valid keys are kind, name, severities"),
        (webhook('token = "abc"'), "'token' may not stand in the file. Help: Set token_env"),
        (webhook("severities = []"), "'severities': expected `array` of length >= 1"),
        (webhook('severities = ["x"]'), "'severities.*': invalid enum value 'x'. Help: Which alerts"),
        (webhook("timeout_seconds = 61"), "'timeout_seconds'"),
        (webhook('name = "B"').replace('name = "hook"\n', ""), "'name': expected `str`. Help: Name of the receiver"),
        (webhook("", url='url = "https://ada:hunter2@example.com"'), "'url': expected `str`. Help: Address"),
        (webhook("", url='url = "ftp://example.com"'), "'url': expected `str`"),
        (webhook("", url='url = "https://example.com:99999"'), "'url' is no address"),
        (webhook("", url=""), "either 'url' or 'url_env'"),
        (webhook('url_env = "U"'), "either 'url' or 'url_env'"),
        (webhook('username = "a"'), "'username' and 'password_env' belong together"),
        (webhook('token_env = "T"\nusername = "a"\npassword_env = "P"'), "a token and a username"),
        (webhook('token_env = "no name"'), "'token_env': expected `str`"),
        (email('tls = "none"\nusername = "a"\npassword_env = "P"'), "the password would travel unprotected"),
        (email("sender = 1"), "unknown key 'sender'"),
        (email("").replace('from = "a@example.com"\n', ""), "lacks the required key `from`"),
        (email("").replace("b@example.com", "nobody"), r"'to\[0\]': expected `str`. Help: E-mail addresses"),
        (webhook("") + webhook(""), "two receivers are called 'hook'"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(text, message):
    with pytest.raises(InvalidSpec, match=message) as caught:
        parse_receivers(text)
    assert "hunter2" not in str(caught.value)
    assert caught.value.help


def test_on_the_same_machine_a_password_may_go_unprotected():
    text = email('tls = "none"\nusername = "a"\npassword_env = "P"')
    for host in ("localhost", "127.0.0.1", "::1"):
        assert parse_receivers(text.replace("smtp.example.com", host))


def test_secrets_that_are_not_set_are_named():
    receivers = parse_receivers(WHOLE)
    environ = {"ALERTS_TOKEN": "x", "ALERTS_SECRET": "", "ALERTMANAGER": "http://am"}
    assert missing_secrets(receivers, environ) == {"on-call": ["ALERTS_SECRET"], "hindi": ["SMTP_PASSWORD"]}


@pytest.mark.parametrize("kind", RECEIVER_KINDS)
def test_every_key_says_what_it_is(kind):
    rows = list(receiver_rows(kind))
    assert {"name", "severities", "models", "languages", "timeout_seconds"} < {row.key for row in rows}
    assert all(row.help.endswith(".") for row in rows)


def test_the_schema_accepts_what_is_accepted():
    import tomllib

    schema = receivers_schema()
    jsonschema.validate(tomllib.loads(WHOLE), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(webhook("zzz = 1")), schema)

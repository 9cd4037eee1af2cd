"""Settings: what the environment may say, and what is said back."""

from pathlib import Path

import pytest

from app.settings import SettingsError, is_loopback, load_settings


def test_defaults_serve_this_machine_alone() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.token) == ("127.0.0.1", 8000, None)


def test_another_address_without_a_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_HOST", "0.0.0.0")
    with pytest.raises(SettingsError, match="set ATTUNE_TOKEN"):
        load_settings()


def test_another_address_with_a_token_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_HOST", "0.0.0.0")
    monkeypatch.setenv("ATTUNE_TOKEN", "secret")
    assert load_settings().host == "0.0.0.0"


def test_an_empty_token_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_HOST", "192.0.2.1")
    monkeypatch.setenv("ATTUNE_TOKEN", "")
    with pytest.raises(SettingsError):
        load_settings()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "LOCALHOST"])
def test_loopback_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.org", "localhost.example.org", ""])
def test_names_that_only_look_like_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_dotenv_file_is_read_and_the_environment_outweighs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("ATTUNE_PORT=9001\nATTUNE_KEYSTORE=keyring\nUNRELATED=1\n", "utf-8")
    monkeypatch.setenv("ATTUNE_PORT", "9002")
    settings = load_settings()
    assert (settings.port, settings.keystore) == (9002, "keyring")


def test_lists_are_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_ALLOWED_ORIGINS", "http://localhost:3000/, HTTPS://App.example")
    monkeypatch.setenv("ATTUNE_TRUSTED_KEYS", "/keys/a.pem:/keys/b.pem")
    settings = load_settings()
    assert settings.allowed_origins == ("http://localhost:3000", "https://app.example")
    assert settings.trusted_keys == (Path("/keys/a.pem"), Path("/keys/b.pem"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "70000-hush"), ("KEYSTORE", "hush"), ("TOKEN", "hush 密码"), ("LOG_LEVEL", "hush")],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"ATTUNE_{name}", value)
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert f"ATTUNE_{name}" in str(refusal.value)
    assert "hush" not in str(refusal.value)


def test_secrets_do_not_show_in_the_settings_own_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_TOKEN", "hush")
    monkeypatch.setenv("ATTUNE_PASSPHRASE", "hush")
    settings = load_settings()
    assert "hush" not in repr(settings)
    assert settings.device().passphrase == "hush"

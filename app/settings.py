"""What the service and the command line read from the environment and from `.env`."""

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from device_sim.settings import DeviceSettings, named_zone
from model_store.bundle import SHIPPED_BUNDLE

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
ENV_PREFIX = "ATTUNE_"


class SettingsError(Exception):
    """The environment asks for something that can't be; the message says which setting, and never its value."""


def default_state_dir() -> Path:
    """The platform's place for a user's data: `$XDG_DATA_HOME/attune`, by default `~/.local/share/attune`."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "attune"


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ValueError("begins with the home directory of nobody that this machine knows") from None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a service that listens on `host`."""
    if host.lower() in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked_url(value: str, schemes: tuple[str, ...], wanted: str) -> str:
    """A URL that can be called, without the slash at its end. Its errors never quote it, they say what is `wanted`."""
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        raise ValueError("is no URL") from None
    if url.scheme not in schemes or not url.hostname or port == 0:
        raise ValueError(f"must be {wanted}")
    if not all("!" <= character <= "~" for character in value):
        raise ValueError("must be visible ASCII without spaces; write the host's name in its xn-- form")
    if "@" in url.netloc:
        raise ValueError("must hold no user or password")
    if "?" in value or "#" in value:
        raise ValueError("must have no query and no fragment")
    return value.rstrip("/")


class Settings(BaseSettings):
    """Every setting is the environment variable `ATTUNE_<NAME>`, or a line of `.env` in the working directory."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    state_dir: Path = Field(
        default_factory=default_state_dir, description="directory of the encrypted database and the key store"
    )
    host: str = Field("127.0.0.1", description="address to listen on; any but loopback demands a token")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    token: SecretStr | None = Field(
        None, description="bearer token that every call must carry, but for health checks and the console's files"
    )
    bundle: Path = Field(SHIPPED_BUNDLE, description="bundle directory to run instead of the shipped one")
    trusted_keys: Annotated[tuple[Path, ...], NoDecode] = Field(
        (), description=f"further public keys that may sign bundles: PEM files, separated by '{os.pathsep}'"
    )
    passphrase: SecretStr | None = Field(None, description="protects the key store instead of a key file or keyring")
    keystore: Literal["file", "keyring"] = Field("file", description="what protects the keys where no passphrase does")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="further names in the Host header, separated by commas; '*' allows any"
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="web origins that may call, separated by commas, as http://localhost:3000"
    )
    timezone: str | None = Field(
        None, description="the device's time zone by its IANA name, as Asia/Shanghai; where not set, the machine's"
    )
    cloud_base_url: str | None = Field(
        None, description="cloud model behind OpenAI's /chat/completions, as https://host/v1; none: nothing ever leaves"
    )
    cloud_model: str | None = Field(None, max_length=200, description="name of the model there")
    cloud_api_key: SecretStr | None = Field(None, description="its key; sent in the Authorization header only")
    cloud_timeout: float = Field(60, gt=0, le=3600, description="seconds that a whole answer of it may take")
    cloud_proxy: str | None = Field(
        None, description="HTTP proxy to reach it by, as http://host:port; those of the environment are not used"
    )
    cloud_allow_http: bool = Field(
        False, description="let requests to the cloud model go unencrypted to another machine (a container beside this)"
    )
    log_level: Literal["critical", "error", "warning", "info", "debug"] = Field(
        "info", description="how much the service logs; the user's text is never in it"
    )
    log_format: Literal["text", "json"] = Field("text", description="lines for people, or one JSON object a line")
    access_log: bool = Field(
        False, description="log each request by its route, with its status and time; at level debug it is always logged"
    )
    otel_endpoint: str | None = Field(
        None, description="collector on this machine for OpenTelemetry's traces, as http://127.0.0.1:4318"
    )

    @field_validator("trusted_keys", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return tuple(part for part in value.split(os.pathsep) if part) if isinstance(value, str) else value

    @field_validator("allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip().rstrip("/").lower() for part in value.split(",") if part.strip())

    @field_validator("state_dir", "bundle")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return _expanded(value)

    @field_validator("trusted_keys")
    @classmethod
    def _all_absolute(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(_expanded(path) for path in value)

    @field_validator("passphrase")
    @classmethod
    def _encodable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and any("\ud800" <= character <= "\udfff" for character in value.get_secret_value()):
            raise ValueError("must be text in UTF-8")
        return value

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        return value if value is None else named_zone(value).key

    @field_validator("cloud_base_url")
    @classmethod
    def _plain_url(cls, value: str | None) -> str | None:
        return None if value is None else _checked_url(value, ("http", "https"), "a URL, as https://host/v1")

    @field_validator("cloud_proxy")
    @classmethod
    def _http_proxy(cls, value: str | None) -> str | None:
        # Requests by https pass through it encrypted.
        return None if value is None else _checked_url(value, ("http",), "an http:// proxy, as http://host:3128")

    @field_validator("otel_endpoint")
    @classmethod
    def _collector_here(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = _checked_url(value, ("http",), "an http:// URL of this machine, as http://127.0.0.1:4318")
        if not is_loopback(urlsplit(url).hostname or ""):
            raise ValueError(
                "names another machine, and nothing of the device goes to one: run a collector on this machine, as "
                "http://127.0.0.1:4318, and let it decide what goes on from there"
            )
        if url.rstrip("/").endswith("/v1/traces"):
            raise ValueError("must be where the collector is, as http://127.0.0.1:4318, without /v1/traces")
        return url

    @field_validator("token", "cloud_api_key")
    @classmethod
    def _sendable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all("!" <= character <= "~" for character in value.get_secret_value()):
            raise ValueError("must be visible ASCII without spaces, or no client could send it")
        return value

    @model_validator(mode="after")
    def _token_off_loopback(self) -> "Settings":
        if not is_loopback(self.host) and self.token is None:
            raise ValueError(
                f"listening on {self.host} lets other machines drive the device: "
                "set ATTUNE_TOKEN to a secret, or leave ATTUNE_HOST at 127.0.0.1"
            )
        return self

    @model_validator(mode="after")
    def _cloud_is_whole_and_encrypted(self) -> "Settings":
        if self.cloud_base_url is None:
            return self
        if not (self.cloud_model or "").strip():
            raise ValueError("ATTUNE_CLOUD_BASE_URL needs ATTUNE_CLOUD_MODEL, the name of a model there")
        url = urlsplit(self.cloud_base_url)
        if url.scheme == "http" and not self.cloud_allow_http and not is_loopback(url.hostname or ""):
            raise ValueError(
                "ATTUNE_CLOUD_BASE_URL would send requests unencrypted to another machine: use https, "
                "or set ATTUNE_CLOUD_ALLOW_HTTP=1 if that machine is yours"
            )
        return self

    def device(self, *, accept_restored_database: bool = False) -> DeviceSettings:
        """The part of the settings that the device itself needs."""
        return DeviceSettings(
            state_dir=self.state_dir,
            bundle=self.bundle,
            trusted_keys=self.trusted_keys,
            passphrase=self.passphrase.get_secret_value() if self.passphrase else None,
            keystore=self.keystore,
            timezone=self.timezone,
            accept_restored_database=accept_restored_database,
        )


def load_settings(**overrides: object) -> Settings:
    """Read the environment and `.env`; `overrides` outweigh them, where they are not None.

    Raises:
        SettingsError: one sentence a wrong setting, naming the variable and never showing its value.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # validated here
    except UnicodeDecodeError:
        raise SettingsError(".env is not text in UTF-8") from None
    except ValidationError as error:
        sentences = []
        for item in error.errors(include_input=False, include_context=False, include_url=False):
            name = "".join(f"{ENV_PREFIX}{str(part).upper()}: " for part in item["loc"][:1])
            sentences.append(name + item["msg"].removeprefix("Value error, "))
        raise SettingsError("; ".join(sentences)) from None

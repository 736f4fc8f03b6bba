"""Settings of the monitor, read from the environment (``SWF_MONITOR_*``, ``PANDA_DB_*``) or a ``.env`` file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL

from swf_monitor.identity.token import read_keys
from swf_monitor.panda.database import sqlite_url


class Configuration(BaseSettings):
    """Every setting of the monitor; ``docs/configuration.md`` explains each, and a test compares the two."""

    model_config = SettingsConfigDict(env_prefix="SWF_MONITOR_", env_file=".env", extra="ignore", populate_by_name=True)

    secret_key: str = Field(min_length=20, description="signs sessions; any long random text")
    debug: bool = Field(default=False, description="Django's debug mode; never on a public host")
    allowed_hosts: str = Field(default="localhost,127.0.0.1", description="host names answered, separated by commas")
    subpath: str = Field(
        default="/swf-monitor",
        pattern=r"^(/[A-Za-z0-9._-]+)+$",
        description="mount of every URL, without a slash at its end",
    )
    db_name: Path = Field(
        default=Path("var/monitor.sqlite3"), description="the monitor's own SQLite file (users, tokens)"
    )
    external_url: str = Field(
        default="https://epic-devcloud.org/prod", description="address of the public gateway, linked by direct pages"
    )
    internal_url: str = Field(
        default="https://pandaserver02.sdcc.bnl.gov", description="scheme and host of the monitor inside the laboratory"
    )
    identity_key_file: Path | None = Field(
        default=None,
        description="PEM file of the gateway's public keys; with it, names from the tunnel need a signed token",
    )
    feed_max_age: float = Field(
        default=900, gt=0, description="seconds without a Harvester heartbeat before PanDA counts as silent"
    )

    panda_db_host: str = Field(
        default="",
        validation_alias=AliasChoices("PANDA_DB_HOST", "panda_db_host"),
        description="PostgreSQL host; empty = SQLite",
    )
    panda_db_port: int = Field(
        default=5432, validation_alias=AliasChoices("PANDA_DB_PORT", "panda_db_port"), description="PostgreSQL port"
    )
    panda_db_name: str = Field(
        default="var/panda.sqlite3",
        validation_alias=AliasChoices("PANDA_DB_NAME", "panda_db_name"),
        description="database name, or the SQLite file",
    )
    panda_db_user: str = Field(
        default="", validation_alias=AliasChoices("PANDA_DB_USER", "panda_db_user"), description="PostgreSQL user"
    )
    panda_db_password: str = Field(
        default="",
        validation_alias=AliasChoices("PANDA_DB_PASSWORD", "panda_db_password"),
        description="PostgreSQL password",
    )

    @field_validator("identity_key_file")
    @classmethod
    def _readable_keys(cls, file: Path | None) -> Path | None:
        """Wrong keys are told at the start, not with the first request."""
        if file is None or file == Path():
            return None
        try:
            read_keys(file)
        except OSError as error:
            raise ValueError(f"it cannot be read ({error.strerror}): {file}") from None
        return file

    def panda_url(self) -> str | URL:
        """SQLAlchemy URL of the PanDA database."""
        if not self.panda_db_host:
            return sqlite_url(Path(self.panda_db_name), read_only=True)
        return URL.create(
            "postgresql+psycopg",
            username=self.panda_db_user or None,
            password=self.panda_db_password or None,
            host=self.panda_db_host,
            port=self.panda_db_port,
            database=self.panda_db_name,
        )


@cache
def configuration() -> Configuration:
    """The settings in force; read once per process.

    Raises:
        pydantic.ValidationError: a setting is missing or wrong.
    """
    return Configuration()

"""How people get accounts and sign in."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from app.config_creator import Section
from app.config_types import MAY_BE_EMPTY, SEVERAL, HttpsAddress, WebAddress
from domain.passwords import LEAST_MEMORY_KIB, LEAST_PARALLELISM, LEAST_TIME_COST

# agents and administrators are made by those who look after the instance
OpenRole = Literal["buyer", "creator", "brand"]


class Argon2(Section):
    """Never less than the floor of
    https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
    """

    time_cost: Annotated[int, Field(ge=LEAST_TIME_COST, le=100)] = LEAST_TIME_COST
    memory_kib: Annotated[int, Field(ge=LEAST_MEMORY_KIB, le=1 << 20)] = LEAST_MEMORY_KIB
    parallelism: Annotated[int, Field(ge=LEAST_PARALLELISM, le=16)] = LEAST_PARALLELISM


class Issuer(Section):
    """Somebody else whose RS256 tokens are accepted: by a key that is known, or those that it publishes."""

    issuer: Annotated[str, Field(min_length=1, max_length=500)]
    audience: Annotated[str, Field(min_length=1, max_length=500)]
    # in PEM; or the file that it stands in
    public_key: str | None = None
    public_key_file: str | None = None
    jwks_url: HttpsAddress | None = None
    # whether a subject that nobody knows gets an account, as `self_register` allows
    registers: bool = True

    @field_validator("issuer")
    @classmethod
    def _is_not_ours(cls, issuer: str) -> str:
        if issuer == "spark":
            raise ValueError("“spark” is what Spark calls itself")
        return issuer

    @model_validator(mode="after")
    def _has_one_key(self) -> "Issuer":
        given = [each for each in (self.public_key, self.public_key_file, self.jwks_url) if each is not None]
        if len(given) != 1:
            raise ValueError("give one of public_key, public_key_file and jwks_url")
        return self


class Accounts(Section):
    # who may sign up by themselves
    self_register: Annotated[tuple[OpenRole, ...], SEVERAL] = ("buyer",)
    argon2: Annotated[Argon2, MAY_BE_EMPTY] = Argon2()
    # the origins of pages in browsers that may read what the API answers
    allowed_origins: Annotated[tuple[WebAddress, ...], SEVERAL] = ()
    issuers: tuple[Issuer, ...] = ()

    @field_validator("issuers")
    @classmethod
    def _are_different(cls, issuers: tuple[Issuer, ...]) -> tuple[Issuer, ...]:
        if len({each.issuer for each in issuers}) < len(issuers):
            raise ValueError("each issuer once")
        return issuers

"""What a creator may keep about leads: the fields of every lead, and those that the creator declares."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.messages.wording import Label
from store.models import FieldKind

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
# a column of the lead's each; flows may ask for them, and creators declare none of these names
BUILT_IN = frozenset({"name", "email", "phone", "time_zone"})
CHOICES = frozenset({FieldKind.CHOICE, FieldKind.CHOICES})
# more than this not every program keeps to the last digit
LARGEST_NUMBER = 2**53


def check_numbers(data: dict[str, Any]) -> dict[str, Any]:
    """Returns it unchanged. Raises ValueError for a number that another program could read as another one."""
    for name, value in data.items():
        if isinstance(value, int | float) and not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            raise ValueError(f"“{name}” is no number that every program keeps; {LARGEST_NUMBER} is the largest")
    return data


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(Strict):
    value: Key
    label: Label


class LeadFieldSpec(Strict):
    """A creator's own field. Text and locations are always sealed in the store; `private` seals any other kind too.

    A sealed field can be asked for equality in a segment, and for nothing else.
    """

    kind: FieldKind = FieldKind.TEXT
    label: Label | None = None
    private: bool = False
    # of a choice; a flow's own options may name more. Without any, they are those that flows offer
    options: Annotated[tuple[Choice, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _options_belong_to_choices(self) -> Self:
        if self.options and self.kind not in CHOICES:
            raise ValueError("only a choice has options")
        return self

    @property
    def sealed(self) -> bool:
        return self.private or self.kind in {FieldKind.TEXT, FieldKind.LOCATION}

"""`spark` with a keyring that does nothing: what stands in the store is as it was typed. Only for the benchmark."""

from app.cli import main
from kit.keyring import Keyring


def _as_it_is(_keyring: Keyring, text: str, _place: str) -> str:
    return text


def leave_open() -> None:
    """From here on this process seals nothing."""
    Keyring.seal = _as_it_is
    Keyring.unseal = _as_it_is
    Keyring.digest = _as_it_is


if __name__ == "__main__":
    leave_open()
    main()

"""Released networks: an `.onnx` file, its card and its checkpoint, inside the package."""

from __future__ import annotations

from pathlib import Path

from pocketmatte.errors import PocketmatteError
from pocketmatte.weights.card import Card, card_path, read_card

__all__ = ["Card", "find_checkpoint", "find_trained_for_int8", "find_weights", "list_models"]

_FOLDER = Path(__file__).parent


def list_models(task: str = "matting") -> list[Card]:
    """Cards of the networks for a task that come with the package, smallest first.

    task: "matting" or "harmonize".
    """
    return [card for card in _cards() if card.task == task]


def _cards() -> list[Card]:
    cards = [read_card(path) for path in _FOLDER.glob("*.json")]
    return sorted(cards, key=lambda card: card.parameters)


def find_checkpoint(name_or_path: str | Path) -> Path:
    """The `.pt` file of a released network, checked against its card, or the path as given.

    Raises PocketmatteError when there is no such name or file, or it is damaged.
    """
    released = {card.name: card for card in _cards()}
    if str(name_or_path) not in released:
        path = Path(name_or_path)
        if not path.is_file():
            raise PocketmatteError(
                f"{name_or_path}: no such checkpoint; give a released network "
                f"({', '.join(released) or 'none'}) or a .pt file that train wrote"
            )
        return path
    card = released[str(name_or_path)]
    path = _FOLDER / card.checkpoint
    if not path.is_file():
        raise PocketmatteError(f"{card.name}: came without its checkpoint; give a .pt file")
    card.verify(path)
    return path


def find_trained_for_int8(name: str) -> Path | None:
    """The checkpoint of a released network that was trained for int8, if there is one."""
    path = _FOLDER / f"{name}-int8.pt"
    return path if path.is_file() else None


def find_weights(name_or_path: str | Path, task: str | None = None) -> tuple[Path, Card]:
    """The file and card of a released network, an exported file or a checkpoint.

    Args:
        name_or_path: a released network, an exported file with its card beside it, or a `.pt`
            checkpoint that `train` wrote.
        task: what it must be for, "matting" or "harmonize"; None takes any.

    Raises:
        PocketmatteError: no such name or file, no card, a network for another task, or the file
            is not what the card says.
    """
    path, card = _find(name_or_path, task)
    if task not in (None, card.task):
        raise PocketmatteError(
            f"{name_or_path}: a network for {card.task}, not for {task}; give another one"
        )
    return path, card


def _find(name_or_path: str | Path, task: str | None) -> tuple[Path, Card]:
    released = {card.name: card for card in _cards()}
    if str(name_or_path) in released:
        card = released[str(name_or_path)]
        return _FOLDER / card.file, card
    path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(card.name for card in _cards() if task in (None, card.task))
        raise PocketmatteError(
            f"{name_or_path}: neither a released network ({known or 'none'}) nor a file; "
            "check the name"
        )
    if path.suffix == ".pt":
        from pocketmatte.models.checkpoint import load_checkpoint

        return path, load_checkpoint(path).card()
    card = read_card(card_path(path))
    card.verify(path)
    return path, card

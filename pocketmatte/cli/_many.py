"""Options with several values, `--to onnx litert`, which the parser below knows only one by one."""

from collections.abc import Callable, Mapping

from typer.core import TyperCommand


def several(options: Mapping[str, Callable[[str], bool]]) -> type[TyperCommand]:
    """A command class whose `options` take all the words that follow them and fit.

    options: for each, what decides whether a further word is a value of it; the first always is.
    """

    class Several(TyperCommand):
        def parse_args(self, ctx, args):
            return super().parse_args(ctx, spread(args, options))

    return Several


def spread(words: list[str], options: Mapping[str, Callable[[str], bool]]) -> list[str]:
    """`--to a b` as `--to a --to b`."""
    result, option, values = [], None, 0
    for word in words:
        if word in options:
            option, values = word, 0
            result.append(word)
        elif option and values == 0:
            values = 1
            result.append(word)
        elif option and options[option](word):
            result += [option, word]
        else:
            option = None
            result.append(word)
    return result


def commas(words: list[str]) -> list[str]:
    """The words, those with commas taken apart, without repetition."""
    return list(dict.fromkeys(part for word in words for part in word.split(",") if part))

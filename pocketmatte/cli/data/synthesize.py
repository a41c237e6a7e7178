"""`pocketmatte data synthesize`: people in places where they never were, the alpha known."""

from pathlib import Path
from typing import Annotated

import typer


def synthesize(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder with the material.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="New data folder.")],
    count: Annotated[int, typer.Option(metavar="N", min=1, help="Pictures, or clips.")] = 100,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Same seed, same pictures.")] = 0,
    clips: Annotated[bool, typer.Option("--clips", help="Motion clips, not pictures.")] = False,
    frames: Annotated[int, typer.Option(min=1, help="Frames of a clip, 25 a second.")] = 24,
    side: Annotated[int, typer.Option(metavar="PIXELS", min=64, help="Longer side.")] = 512,
    people: Annotated[
        str, typer.Option(help="cutouts (true alpha), labelled (of the split), or all.")
    ] = "all",
    split: Annotated[str, typer.Option(help="Whose labelled people are pasted.")] = "train",
    held: Annotated[
        str, typer.Option(help="What things in hands count as: background or person.")
    ] = "background",
    jobs: Annotated[int, typer.Option(min=1, help="Processes; the result is the same.")] = 1,
) -> None:
    """Paste people on backgrounds: groups, held things, clutter, chairs, harsh light, dark rooms,
    motion blur, webcams. With --clips, people who move apart from the background.
    """
    from pocketmatte.cli.data._bar import bar, say
    from pocketmatte.data.synthesize_to_disk import Plan
    from pocketmatte.data.synthesize_to_disk import synthesize as run

    plan = Plan(
        data=str(folder),
        seed=seed,
        side=side,
        held=held,
        people=people,
        split=split,
        frames=frames if clips else 0,
    )
    with bar("clips" if clips else "pictures") as advance:
        names = run(plan, out, count, jobs, advance)
    say(f"{out}: {len(names)} {'clips' if clips else 'pictures'}")

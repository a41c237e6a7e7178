"""`pocketmatte photo`: cut people out of photos."""

import sys
from typing import Annotated

import typer

from pocketmatte.cli._options import Device, Model, Threads
from pocketmatte.errors import PocketmatteError


def photo(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help='Photos, folders (with all below), patterns such as "*.jpg", or - for standard '
            "input.",
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="File (.png, .webp, .jpg), folder, or - for standard output. "
            "Without it me.jpg becomes me.cutout.png beside it.",
        ),
    ] = None,
    model: Model = "balanced",
    background: Annotated[
        str,
        typer.Option(
            metavar="COLOUR|IMAGE|blur[:RADIUS]|none",
            help="What to put behind the person: teal, #08f, beach.jpg, blur, blur:20 (pixels), "
            "or none for a transparent picture.",
        ),
    ] = "none",
    filter: Annotated[
        str,
        typer.Option(
            metavar="NAME[,NAME...]",
            help="How the layers are changed and blended: keep_largest, color_transfer, ...",
        ),
    ] = "alpha_blend",
    alpha: Annotated[
        bool, typer.Option("--alpha", help="Write the matte too, as NAME.alpha.png.")
    ] = False,
    format: Annotated[
        str | None, typer.Option(metavar="png|webp|jpg", help="Output format (default: png).")
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(
            metavar="1-100",
            min=1,
            max=100,
            help="For jpg and webp; webp at 100 is lossless. Default 92.",
        ),
    ] = None,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Pass over photos whose output is there.")
    ] = False,
    jobs: Annotated[
        int, typer.Option(metavar="N", min=1, help="Photos worked on at the same time.")
    ] = 1,
    device: Device = None,
    threads: Threads = None,
    max_pixels: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Refuse photos that declare more pixels. Default 178 million."
        ),
    ] = None,
) -> None:
    """Cut people out of photos.

    EXIF rotation is applied, the colour profile is kept, and other EXIF data (such as the place)
    is left out. Exit code 2 when any photo failed.
    """
    import cv2

    from pocketmatte.media.background import PictureBackground, parse_background
    from pocketmatte.media.batch import matte_photos
    from pocketmatte.media.photo import MAX_PIXELS
    from pocketmatte.media.plan import plan_photos

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    scene = parse_background(background)
    planned = plan_photos(
        inputs,
        output,
        format=format,
        alpha=alpha,
        mark="cutout" if scene is None else "composite",
        keep=[background] if isinstance(scene, PictureBackground) else [],
    )
    stdout = _stdout() if any(job.target is None for job in planned) else None

    from pocketmatte.cli._progress import report
    from pocketmatte.matting.pipeline import load_model

    results = matte_photos(
        planned,
        load_model(model, device=device, threads=threads),
        background=scene,
        filter=filter,
        skip_existing=skip_existing,
        quality=quality,
        max_pixels=MAX_PIXELS if max_pixels is None else max_pixels,
        workers=min(jobs, len(planned)),
        stdin=sys.stdin.buffer,
        stdout=stdout,
    )
    raise typer.Exit(report(results, len(planned)))


def _stdout():
    if sys.stdout.isatty():
        raise PocketmatteError("the terminal cannot show a picture; give -o FILE or redirect")
    # Unbuffered, so that a full disk is an error now and not a traceback at exit.
    return getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)

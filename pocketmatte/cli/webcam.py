"""`pocketmatte webcam`: live background replacement."""

from pathlib import Path
from typing import Annotated

import typer

from pocketmatte.cli._options import Device, Model, Threads
from pocketmatte.errors import PocketmatteError


def webcam(
    background: Annotated[
        str,
        typer.Option(
            metavar="COLOUR|IMAGE|VIDEO|FOLDER|blur[:RADIUS]",
            help="What to put behind you; a folder of pictures gives a slider.",
        ),
    ] = "blur",
    camera: Annotated[
        str, typer.Option(metavar="N|URL|FILE", help="Number of the camera, stream, or video file.")
    ] = "0",
    model: Model = "balanced",
    filter: Annotated[
        str, typer.Option(metavar="NAME,...", help="Filters that are always on, as in `video`.")
    ] = "",
    virtual_camera: Annotated[
        bool, typer.Option("--virtual-camera", help="Send the picture to a virtual camera.")
    ] = False,
    no_window: Annotated[
        bool, typer.Option("--no-window", help="Only the virtual camera; Ctrl-C ends.")
    ] = False,
    mirror: Annotated[bool, typer.Option("--mirror", help="Flip left to right.")] = False,
    size: Annotated[
        str, typer.Option(metavar="WIDTHxHEIGHT", help="Size to ask the camera for.")
    ] = "1280x720",
    folder: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for snapshots and recordings.")
    ] = Path(),
    smooth: Annotated[
        float,
        typer.Option(metavar="0-0.95", min=0, max=0.95, help="Strength against flicker; 0 is off."),
    ] = 0.85,
    device: Device = None,
    threads: Threads = None,
) -> None:
    """Replace your background live, in a window or for a call.

    Keys: A plain, C colour transfer, S seamless clone, M smooth-step, H harmonise, B blur,
    V matte, P snapshot, R record, D figures, Q quit. The bare room is never shown.
    """
    from pocketmatte.media.camera import Camera
    from pocketmatte.media.webcam import LiveMatte, parse_backgrounds

    if no_window and not virtual_camera:
        raise PocketmatteError("--no-window needs --virtual-camera, or nothing would be shown")
    wanted = _size(size)
    scenes = parse_backgrounds(background)
    if not no_window:
        from pocketmatte.media.display import require_window

        require_window()
    if virtual_camera:
        from pocketmatte.media.virtual_camera import VirtualCamera

    from pocketmatte.matting.pipeline import load_model

    network = load_model(model, device=device, threads=threads)
    with Camera(camera, wanted, mirror) as source:
        height, width = source.newest(-1).image.shape[:2]
        output = VirtualCamera(width, height) if virtual_camera else None
        try:
            if output:
                typer.echo(f"virtual camera: {output.device}", err=True)
            with LiveMatte(source, network, scenes, filters=filter, smooth=smooth) as live:
                if no_window:
                    _send(live, output)
                else:
                    from pocketmatte.media.webcam_window import Window

                    Window(live, folder, output.send if output else None).run()
        finally:
            if output:
                output.close()


def _send(live, output) -> None:
    """Feed the virtual camera until Ctrl-C."""
    shown = -1
    try:
        while True:
            picture = live.newest(shown)
            if picture.number > shown or picture.message:
                output.send(picture.image)
            if picture.message not in ("", "starting"):
                raise PocketmatteError(picture.message)
            shown = picture.number
    except KeyboardInterrupt:
        return


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise PocketmatteError(f"--size {text!r} is no size; write for example 1280x720")
    return int(width), int(height)

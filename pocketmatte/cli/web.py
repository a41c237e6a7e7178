"""`pocketmatte web`: the browser page."""

import webbrowser
from typing import Annotated

import typer


def web(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen at; this machine only.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port; 0 takes any free one.")
    ] = 8000,
    open: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Show the page: camera or photo in the browser; nothing leaves this machine."""
    from pocketmatte.web.server import PageServer

    with PageServer(host, port) as server:
        typer.echo(f"{server.address}  (Ctrl-C ends)")
        if not server.local:
            typer.echo(
                "others can reach it, but their browsers allow cameras on https only",
                err=True,
            )
        if open:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return

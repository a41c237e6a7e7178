"""`pocketmatte data`: from other people's pictures to shards that train fast."""

import typer

from pocketmatte.cli.data.check import check
from pocketmatte.cli.data.convert import convert
from pocketmatte.cli.data.label import label
from pocketmatte.cli.data.pack import pack
from pocketmatte.cli.data.synthesize import synthesize

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Prepare training data: convert, check, label, synthesize, pack.",
)
for _verb in (convert, check, label, synthesize, pack):
    app.command()(_verb)

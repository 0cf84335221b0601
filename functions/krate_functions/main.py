"""`krate-functions`: serves the composers to Crossplane over gRPC (mTLS unless --insecure)."""

from typing import Any

import click
from crossplane.function import cli

from krate_functions import runner


@click.command()
@cli.standard_options
def main(**settings: Any) -> None:
    """Serve the composition function of Krate."""
    cli.run(runner.FunctionRunner(), **settings)


if __name__ == "__main__":
    main()

"""`python -m krate_cli`."""

from krate_cli.main import main

main()

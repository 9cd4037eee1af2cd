"""`python -m toolchain.cli`, the same as `attune-toolchain`."""

from toolchain.cli.main import main

main()

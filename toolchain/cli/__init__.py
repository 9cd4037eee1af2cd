"""The command line of the toolchain: `attune-toolchain`."""

"""The subcommands of `nmt`, a file each: options, one call of the library, results on stdout."""

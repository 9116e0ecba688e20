"""One file per kind of trouble; `run` finds them by name."""

# What the walk itself has to say, English. The German file holds the same keys in the same order.

walk-check-failed = The check `{ $check }` failed by a fault of its own; this is a bug in Torwart, please report it.

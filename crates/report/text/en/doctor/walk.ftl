# What the walk itself has to say, English. The German file holds the same keys in the same order.

walk-check-failed = The check `{ $check }` failed by a fault of its own; this is a bug in Torwart, please report it.
walk-site-answers = The site answers { $status } at { $address }.
walk-site-fails = The site gives no right answer at { $address }: `{ $cause }`.
walk-site-silent = The site gives no answer at { $address }.
walk-place-healthy = Seen from { $place }, the site works.
walk-place-faulty = Seen from { $place }, there is a fault: { $id }.
walk-place-unclear = Seen from { $place }, it could not be told what is wrong.

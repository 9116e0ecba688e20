# Was der Lauf selbst zu sagen hat, deutsch. Die englische Datei enthält dieselben Schlüssel in derselben Reihenfolge.

walk-check-failed = Die Prüfung `{ $check }` ist an einem eigenen Fehler gescheitert; das ist ein Fehler in Torwart, bitte melden Sie ihn.
walk-site-answers = Die Site antwortet unter { $address } mit { $status }.
walk-site-fails = Die Site gibt unter { $address } keine richtige Antwort: `{ $cause }`.
walk-site-silent = Die Site gibt unter { $address } keine Antwort.
walk-place-healthy = Von { $place } aus gesehen geht die Site.
walk-place-faulty = Von { $place } aus gesehen gibt es einen Fehler: { $id }.
walk-place-unclear = Von { $place } aus ließ sich nicht feststellen, was nicht stimmt.

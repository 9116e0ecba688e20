# Was die Prüfungen der Fristen und ruhenden Verbindungen sagen. en/doctor/time.ftl hat dieselben Schlüssel in derselben Reihenfolge.

time-idle-measured = Ruhende Verbindungen schließt der Upstream nach { $seconds } s.
time-idle-measured-of = { $upstream } schließt ruhende Verbindungen { $seconds } s nach der letzten Antwort, bei allen drei gemessenen Verbindungen.
time-idle-kept = Der Upstream hielt ruhende Verbindungen die { $seconds } s lang offen, die gewartet wurde.
time-idle-advertised = Er selbst gibt { $seconds } s an (Keep-Alive: timeout={ $seconds }).
time-closes-each = { $upstream } schließt die Verbindung nach jeder Antwort.
time-pool-idle = Das Gateway benutzt ruhende Verbindungen { $seconds } s lang wieder: { $written }
time-pool-idle-default = Das Gateway benutzt ruhende Verbindungen { $seconds } s lang wieder; das steht nirgends, es ist die Voreinstellung: { $written }
time-expected-failures = Etwa { $requests } Anfragen am Tag haben eine Methode, die nicht wiederholt werden darf (POST, PATCH); schlimmstenfalls treffen rund { $failures } davon den Augenblick des Schließens und scheitern.
time-first-byte = Der Upstream { $upstream } beginnt seine Antwort nach { $seconds } s.
time-first-bytes = Zeit bis zum ersten Byte von { $upstream }, in Sekunden: { $times }.
time-no-first-byte = { $upstream } nahm { $tries } Anfragen an und beantwortete keine; auf die erste wurde { $seconds } s gewartet.
time-connected = Die Verbindung zu { $upstream } stand nach { $seconds } s: Das Netz ist es nicht.
time-gateway-waits = Das Gateway wartet { $seconds } s auf das erste Byte: { $written }
time-gateway-waits-default = Das Gateway wartet { $seconds } s auf das erste Byte; das steht nirgends, es ist die Voreinstellung: { $written }
time-gateway-gave-up = Besucher bekommen statt der Antwort einen Fehler.
time-constant = Die drei Zeiten liegen nur { $spread } ms auseinander: Da läuft in der Anwendung ein Zeitgeber ab, das ist keine Arbeit.
time-inner-limit = Der Prozess { $process } darf an einer Anfrage { $seconds } s lang arbeiten ({ $written }).
time-outer-limit = Das Gateway wartet { $seconds } s auf das erste Byte ({ $written }).
time-order = { $inner } beträgt { $inner_seconds } s und sollte kürzer sein als { $outer } mit { $outer_seconds } s.
time-process-stopped = Der Prozess { $process } ({ $pid }) wurde durch ein Signal angehalten: Verbindungen kommen zustande, aber bis er fortgesetzt wird, liest sie niemand.
time-pool-idle-unlimited = Das Gateway benutzt ruhende Verbindungen wieder, bis der Upstream sie schließt, wie lange das auch dauert ({ $written } ist nicht gesetzt).
time-state-kept = Eine Verbindung, die { $seconds } s geruht hat, trägt noch Anfragen.
time-state-lost = { $upstream }: Nach { $seconds } s ohne Verkehr wurden Anfragen auf { $count } Verbindungen gesendet und nie bestätigt (unacked { $unacked }, retransmits { $retransmits }); geschlossen hatte diese Verbindungen niemand.
time-state-reset = { $upstream }: Nach { $seconds } s ohne Verkehr wurden Anfragen auf { $count } Verbindungen mit einem Reset beantwortet; geschlossen hatte diese Verbindungen niemand.
time-state-alive = Nach { $seconds } s ohne Verkehr kam eine Anfrage noch durch.
time-state-fresh = Eine neue Verbindung zu { $upstream } trug zur selben Zeit zwei Anfragen: Upstream und Weg sind in Ordnung.
time-state-own = { $upstream }: Nach { $seconds } s ohne Verkehr haben Anfragen auf { $count } Verbindungen diese Maschine nicht verlassen: Ihr eigener Paketfilter hat diese Verbindungen vergessen; geschlossen hatte sie niemand.
time-state-not-looked = Ob eine Firewall auf dem Weg zu { $upstream } Verbindungen vergisst, die länger als { $seconds } s (so weit wurde geschaut) und bis zu { $most } s ruhen, zeigt sich erst nach so langer Zeit.

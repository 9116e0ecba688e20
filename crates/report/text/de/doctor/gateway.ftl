# Was Logzeilen anderer Gateways sagen, in unseren Worten ($upstream: der Server dahinter, wie ihn die Zeile nennt).
gateway-said-refused = { $upstream } hat die Verbindung abgelehnt: Dort lauscht nichts, oder ein Filter weist sie ab.
gateway-said-unroutable = Zu { $upstream } führt kein Weg, oder der Host antwortet in seinem Netz nicht.
gateway-said-connect-timeout = { $upstream } hat die Verbindung nicht innerhalb der Frist angenommen.
gateway-said-socket-missing = Den Unix-Socket { $upstream } gibt es nicht.
gateway-said-queue-full = { $upstream } nimmt keine Verbindungen mehr an: Die Annahmewarteschlange ist voll.
gateway-said-connect-forbidden = Dieser Host verbietet die Verbindung zu { $upstream } (Rechte, SELinux oder ein lokaler Filter).
gateway-said-connect-failed = Die Verbindung zu { $upstream } ist gescheitert.
gateway-said-resources-spent = Dem Host des Gateways sind Dateideskriptoren, Quellports, Speicher oder Plattenplatz ausgegangen.
gateway-said-tls-alert = { $upstream } hat den TLS-Handshake mit Alert { $alert } beendet.
gateway-said-certificate = Das Zertifikat von { $upstream } wurde nicht akzeptiert: { $fault ->
    [expired] Es ist abgelaufen.
    [notyetvalid] Es gilt noch nicht.
    [wrongname] Es gilt für einen anderen Namen.
    [revoked] Es wurde widerrufen.
    [unusable] Es ist für diesen Zweck nicht bestimmt.
   *[untrusted] Keine vertrauenswürdige Stelle hat es unterschrieben.
}
gateway-said-not-tls = { $upstream } spricht auf diesem Port kein TLS.
gateway-said-handshake-timeout = { $upstream } hat den TLS-Handshake nicht innerhalb der Frist beendet.
gateway-said-handshake-failed = Der TLS-Handshake mit { $upstream } ist gescheitert.
gateway-said-stream-refused = { $upstream } hat den HTTP/2-Stream abgelehnt, bevor er bearbeitet wurde.
gateway-said-stream-reset = { $upstream } hat den HTTP/2-Stream zurückgesetzt.
gateway-said-name-unknown = Den Namen { $upstream } gibt es nicht.
gateway-said-name-timeout = Kein Nameserver hat innerhalb der Frist für { $upstream } geantwortet.
gateway-said-name-server = Von den Nameservern kam keine Adresse für { $upstream }.
gateway-said-send-timeout = { $upstream } hat innerhalb der Frist nichts mehr von der Anfrage angenommen.
gateway-said-send-cut = { $upstream } hat die Verbindung geschlossen, während die Anfrage gesendet wurde.
gateway-said-head-timeout = { $upstream } hat die Anfrage angenommen, die Antwort aber nicht innerhalb der Frist begonnen.
gateway-said-head-too-large = Der Kopf der Antwort von { $upstream } ist größer als der Puffer des Gateways.
gateway-said-not-http = Die Antwort von { $upstream } ist kein HTTP oder nicht das Protokoll, das das Gateway dort erwartet.
gateway-said-head-broken = Der Kopf der Antwort von { $upstream } verletzt die HTTP-Grammatik ({ $rule }).
gateway-said-reset-before-head = { $upstream } hat die Verbindung zurückgesetzt, statt zu antworten.
gateway-said-closed-before-head = { $upstream } hat die Verbindung geschlossen, statt zu antworten.
gateway-said-body-stalled = { $upstream } ist mitten in der Antwort verstummt.
gateway-said-body-broken = Der Rumpf der Antwort von { $upstream } ist fehlerhaft ({ $rule }).
gateway-said-body-cut = { $upstream } hat die Verbindung mitten in der Antwort geschlossen.
gateway-said-all-down = Das Gateway hält alle Server dieser Gruppe für ausgefallen.
gateway-said-server-down = Das Gateway nimmt { $upstream } heraus: { $why }.
gateway-said-server-up = Das Gateway verwendet { $upstream } wieder.
gateway-said-server-left-out = Nach Fehlern lässt das Gateway { $upstream } eine Zeit lang aus.
gateway-said-denied = Eine Regel des Gateways verbietet die Anfrage.
gateway-said-rate-limited = Das Gateway hat die Anfrage abgelehnt: Es sind zu viele.
gateway-said-no-route = Keine Route des Gateways passt zu der Anfrage.
gateway-said-full = Das Gateway hat keinen freien Worker oder Platz für die Anfrage.
gateway-said-queue-timeout = Die Anfrage hat zu lange auf einen freien Server gewartet.
gateway-said-draining = Das Gateway hat den Austausch beendet, weil es selbst oder der Server außer Betrieb genommen wurde.
gateway-said-misconfigured = Mit der Konfiguration des Gateways lässt sich diese Anfrage nicht bedienen.
gateway-said-bug = Die Selbstprüfung des Gateways ist fehlgeschlagen: ein Fehler im Gateway.
gateway-said-client-left = Der Client hat abgebrochen, bevor die Antwort da war.
gateway-said-client-gone = Die Verbindung zum Client ist abgerissen, während die Antwort gesendet wurde.
gateway-said-client-slow = Der Client hat bis zum Ende der Frist nichts gesendet oder angenommen.
gateway-said-client-handshake = Der TLS-Handshake mit dem Client ist gescheitert: Eine Anfrage kam nicht an.
gateway-said-client-head = Die Anfrage des Clients war nicht zu lesen.
gateway-said-client-body = Der Rumpf der Anfrage war nicht zu lesen.
gateway-said-request-too-large = Die Anfrage des Clients ist größer, als das Gateway erlaubt.
gateway-said-host-not-found-at-start = Das Gateway ist nicht gestartet: Ein Name in seiner Konfiguration hat keine Adresse.
gateway-said-application-wrote = Die Anwendung hat in ihre Fehlerausgabe geschrieben: { $words }
gateway-said-more-than-length = { $upstream } hat mehr Bytes gesendet als angekündigt; der Rest wurde verworfen.
gateway-said-length-and-coding = { $upstream } hat Content-Length und Transfer-Encoding zugleich gesendet.
gateway-said-auth-request = Die Unteranfrage nach der Berechtigung ist gescheitert und damit auch die Anfrage.
gateway-said-buffered-to-file = Das Gateway hat den Rumpf in eine temporäre Datei geschrieben: Er passte nicht in die Puffer.
gateway-said-delayed = Das Gateway hat die Anfrage verzögert, um eine Rate einzuhalten.
gateway-said-site-shadowed = Zwei Sites haben denselben Namen: Die zweite wird nie erreicht.

# HAProxys Endzustände: die ersten beiden Buchstaben zusammen.
gateway-haproxy-normal = Beide Seiten haben geschlossen, nichts blieb übrig: ein normales Ende.
gateway-haproxy-client-left-connecting = Der Client hat abgebrochen, während HAProxy die Verbindung zum Server aufbaute.
gateway-haproxy-client-left-data = Der Client hat die Verbindung während der Übertragung abgebrochen.
gateway-haproxy-client-stalled-data = Der Client hat bis „timeout client“ weder etwas gesendet noch bestätigt.
gateway-haproxy-client-left-waiting = Der Client hat abgebrochen, während er auf den Beginn der Antwort wartete.
gateway-haproxy-client-stalled-body = Der Client hat bis „timeout client“ nichts mehr vom Rumpf seiner Anfrage gesendet.
gateway-haproxy-client-left-queue = Der Client hat abgebrochen, während die Anfrage auf einen freien Server wartete.
gateway-haproxy-client-left-request = Der Client hat abgebrochen, bevor seine Anfrage vollständig war.
gateway-haproxy-client-slow-request = Die Anfrage war bis „timeout http-request“ nicht vollständig.
gateway-haproxy-client-left-tarpit = Der Client hat abgebrochen, während er im Tarpit festgehalten wurde.
gateway-haproxy-redirected = HAProxy hat die Anfrage selbst umgeleitet („redir“ in der Serverzeile); kein Server wurde gefragt.
gateway-haproxy-answered-itself = HAProxy hat die Anfrage selbst beantwortet; kein Server wurde gefragt.
gateway-haproxy-answer-replaced = HAProxy hat die Antwort des Servers durch eine eigene ersetzt.
gateway-haproxy-server-refused = Die Verbindung zum Server ist sofort gescheitert: abgelehnt, kein Weg, ein gescheiterter TLS-Handshake, oder es war kein Server übrig.
gateway-haproxy-connect-timeout = Die Verbindung zum Server stand bis „timeout connect“ nicht.
gateway-haproxy-server-cut-data = Die Verbindung des Servers ist mitten in der Antwort abgerissen.
gateway-haproxy-server-stalled-data = Der Server hat mitten in der Antwort bis „timeout server“ weder etwas gesendet noch bestätigt.
gateway-haproxy-server-cut-head = Der Server hat die Verbindung geschlossen oder zurückgesetzt, bevor der Kopf seiner Antwort vollständig war.
gateway-haproxy-server-head-timeout = Der Server hat seine Antwort bis „timeout server“ nicht begonnen.
gateway-haproxy-queue-timeout = Die Anfrage hat bis „timeout queue“ in der Warteschlange gestanden: Alle Server waren an ihrem „maxconn“.
gateway-haproxy-socket-limit = HAProxy hatte seine eigene Grenze für Sockets erreicht („maxconn“, „ulimit-n“) und baute keine Verbindung auf.
gateway-haproxy-chunk-blocked = HAProxy hat die Übertragung beendet: Die Chunk-Kodierung war fehlerhaft.
gateway-haproxy-answer-blocked = HAProxy hat die Antwort des Servers verworfen: ungültig, unvollständig, zu groß oder durch eine Regel verboten.
gateway-haproxy-request-blocked = HAProxy hat die Anfrage des Clients abgelehnt: ungültig oder durch eine Regel verboten.
gateway-haproxy-tarpitted = Eine Regel hat die Anfrage im Tarpit festgehalten und dann abgelehnt.
gateway-haproxy-resource-spent = Dem Host von HAProxy fehlten Speicher, Sockets oder Quellports für eine Verbindung zum Server.

# HAProxys Endzustände: die Buchstaben einzeln, für Paare ohne eigenen Satz.
gateway-haproxy-who-client = Der Client hat beendet.
gateway-haproxy-who-server = Der Server hat beendet oder abgelehnt.
gateway-haproxy-who-proxy = HAProxy hat beendet, wegen einer Regel, einer Grenze oder einer Prüfung.
gateway-haproxy-who-local = HAProxy hat die Anfrage selbst behandelt.
gateway-haproxy-who-resource = Auf dem Host von HAProxy war eine Ressource erschöpft.
gateway-haproxy-who-internal = HAProxys Selbstprüfung ist fehlgeschlagen: ein Fehler in HAProxy.
gateway-haproxy-who-down = HAProxy hat beendet, weil der Server als ausgefallen erkannt wurde.
gateway-haproxy-who-up = HAProxy hat auf einem Ersatzserver beendet, weil ein regulärer wieder verfügbar war.
gateway-haproxy-who-admin = Jemand von der Administration hat beendet.
gateway-haproxy-who-client-timeout = Der Client hat bis zum Ende der Frist geschwiegen.
gateway-haproxy-who-server-timeout = Der Server hat bis zum Ende der Frist geschwiegen.
gateway-haproxy-phase-request = Es geschah, während auf die Anfrage gewartet wurde.
gateway-haproxy-phase-queue = Es geschah, während die Anfrage in der Warteschlange stand.
gateway-haproxy-phase-connect = Es geschah, während die Verbindung zum Server aufgebaut wurde.
gateway-haproxy-phase-head = Es geschah, während auf den Kopf der Antwort gewartet wurde.
gateway-haproxy-phase-data = Es geschah während der Übertragung.
gateway-haproxy-phase-last = Es geschah, während die letzten Bytes zum Client gingen; der Server war fertig.
gateway-haproxy-phase-tarpit = Es geschah im Tarpit.

# HAProxys Endzustände: das Cookie, das einen Client bei seinem Server hält.
gateway-haproxy-cookie-none = Der Client hat kein Cookie für einen Server geschickt.
gateway-haproxy-cookie-invalid = Das Cookie des Clients nennt keinen bekannten Server.
gateway-haproxy-cookie-down = Das Cookie des Clients nennt einen Server, der ausgefallen war.
gateway-haproxy-cookie-valid = Das Cookie des Clients war gültig, und sein Server wurde verwendet.
gateway-haproxy-cookie-expired = Das Cookie des Clients war zu lange nicht benutzt worden („maxidle“).
gateway-haproxy-cookie-old = Das Cookie des Clients war zu alt („maxlife“).
gateway-haproxy-cookie-unused = Das Cookie des Clients wurde nicht verwendet: Eine Regel hat den Server gewählt.
gateway-haproxy-set-none = Der Server hat kein Cookie gesetzt, und HAProxy hat keines hinzugefügt.
gateway-haproxy-set-inserted = HAProxy hat ein Cookie hinzugefügt.
gateway-haproxy-set-updated = HAProxy hat das Datum im Cookie erneuert.
gateway-haproxy-set-provided = Der Server hat ein Cookie gesetzt; es wurde unverändert weitergegeben.
gateway-haproxy-set-rewritten = HAProxy hat das Cookie des Servers umgeschrieben.
gateway-haproxy-set-deleted = HAProxy hat das Cookie des Servers entfernt.

# Was die Prüfungen von Konfiguration, Prozessen und Logs des Gateways sagen.

gateway-config-read = { $product }: { $files ->
    [one] eine Konfigurationsdatei
   *[other] { $files } Konfigurationsdateien
} gelesen, angefangen bei { $file }.
gateway-unreadable = { $file } ließ sich nicht lesen: { $why }.
gateway-note-syntax = Die Konfiguration würde abgelehnt: { $what }
gateway-note-unknown_pool = Die Konfiguration nennt { $name }, das nirgends definiert ist.
gateway-note-include_matches_nothing = { $pattern } soll eingebunden werden, und eine solche Datei gibt es nicht.
gateway-note-buffer_conflict = Die Puffergrößen widersprechen sich: { $what }
gateway-note-resolver_missing = { $name } soll im laufenden Betrieb aufgelöst werden, und kein Resolver ist eingetragen.
gateway-note-switch_missing = { $needed_by } braucht { $directive }, und das fehlt.
gateway-note-worker_shared = Der Eintrag für { $target } in { $first } hat die Verbindung schon angelegt; hier werden diese Einstellungen übergangen: { $ignored }
gateway-note-empty_pool = Die Gruppe { $name } enthält keinen Upstream.
gateway-note-undefined_variable = Die Variable { $name } wird benutzt und ist nicht definiert.
gateway-note-keep_alive_unused = Die Gruppe { $pool } soll ruhende Verbindungen halten, doch jede wird nach ihrer Anfrage geschlossen, und zwar wegen: { $because }
gateway-note-upgrade_always = „Connection: upgrade“ geht mit jeder Anfrage hinaus, nicht nur mit denen, die ein Upgrade wollen.
gateway-note-deadline_missing = { $directive } ist in { $section } nicht gesetzt: Ein solches Warten kann ewig dauern.
gateway-note-check_without_host = Die Gesundheitsprüfung von { $pool } sagt nicht, welchen Host sie meint; viele Anwendungen lehnen das ab.
gateway-note-site_shadowed = { $name } wird auf { $address } zweimal bedient; der Eintrag in { $first } gewinnt, dieser hier wird nie erreicht.
gateway-note-without_effect = { $directive } wirkt hier nicht: { $because }
gateway-note-include_loop = { $file } bindet sich selbst ein.
gateway-names-at-start = { $name } wird beim Starten oder Neuladen des Gateways aufgelöst und danach nie wieder: { $written }
gateway-unsafe-retry = Auch Anfragen, die nicht wiederholt werden dürfen, werden wiederholt: { $written }
gateway-not-running = Hier läuft kein Prozess von { $product }, und auf Port { $port } lauscht niemand; die Konfiguration liegt in { $file }.
gateway-not-listening = { $product } läuft (Prozess { $pid }), aber auf Port { $port } lauscht niemand. Laut Konfiguration lauscht es auf: { $listens }.
gateway-reload-pending = { $file } wurde { $minutes } min nach dem Zeitpunkt geändert, zu dem { $product } seine Konfiguration zuletzt gelesen hat.
gateway-log-read = { $files ->
    [one] Eine Logdatei
   *[other] { $files } Logdateien
} gelesen; Arten von Störungen an ihrem Ende: { $troubles }.
gateway-log-unreadable = Das Log { $file } ließ sich nicht lesen: { $why }.
gateway-log-elsewhere = Das Gateway schreibt sein Log in keine Datei: { $target }
gateway-log-counted = Das Log: { $what }, Upstream { $upstream }. In der letzten Stunde: { $hour }; am letzten Tag: { $day }; zuerst vor { $first }, zuletzt vor { $last }. Die letzte Zeile:
gateway-log-silent = Besucher bekommen { $status }, und { $file } meldet aus den letzten zwei Minuten keinen Fehler.

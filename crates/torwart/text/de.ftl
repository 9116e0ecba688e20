# Sätze der Kommandozeile, Deutsch. en.ftl enthält dieselben Schlüssel in derselben Reihenfolge.

error = Fehler
hint = Hinweis
or = oder
days = { $count ->
    [one] { $count } Tag
   *[other] { $count } Tage
}
panic = Absturz in { $place }: { $message } (das ist ein Fehler in Torwart, bitte melden Sie ihn)
file-unreadable = { $file } lässt sich nicht lesen: { $error }

## Help

heading-usage = Aufruf:
heading-commands = Befehle:
heading-arguments = Argumente:
heading-options = Optionen:
option-help = Diese Hilfe zeigen
option-version = Die Version zeigen
option-lang = Die Sprache, Englisch oder Deutsch; sonst nach LC_ALL, LC_MESSAGES oder LANG
option-format = Die Form der Ausgabe; `text` ist für Menschen

torwart-about = Torwart, das HTTP-Gateway, das jeden Fehler beim Namen nennt
torwart-usage = torwart BEFEHL [OPTIONEN]
torwart-more =
    Beispiele:
      torwart demo                                  ansehen, wie es arbeitet; sonst ist nichts nötig
      torwart serve --to http://127.0.0.1:3000      vor einen Server stellen
      torwart check torwart.toml                    ob eine Konfiguration hier funktioniert
      torwart doctor https://shop.example           warum eine Site nicht funktioniert, hinter welchem Gateway auch immer
      torwart explain head_timed_out                was eine Ursache heißt und was zu tun ist

    Exit-Codes: 0 alles gut, 1 Fehler gefunden, 2 falscher Aufruf, 3 nicht ausführbar.
    Jeder Befehl erklärt sich selbst: torwart BEFEHL --help

serve-about = Das Gateway betreiben, bis es beendet wird
serve-usage = torwart serve --to URL [--to URL]... [OPTIONEN]
      torwart serve --config DATEI
serve-to = Wohin Anfragen weitergeleitet werden: http://…, https://… oder unix:/pfad; für mehrere Upstreams mehrmals
    .value = URL
serve-listen = Wo Clients sich verbinden: 127.0.0.1:8080 (Vorgabe), 8080 nur für diesen Rechner, :8080 für jede Adresse, oder unix:/pfad
    .value = ADRESSE
serve-workers = Wie viele Threads arbeiten; sonst einer je Kern
    .value = ZAHL
serve-admin = Wo Metriken, Zustand und fehlgeschlagene Anfragen zu sehen sind: 127.0.0.1:9180, wenn nichts gesagt ist, oder `off`
    .value = ADRESSE|off
serve-log = Das Zugriffsprotokoll: Zeilen für Menschen (Vorgabe), für Programme oder keine
    .value = json|human|off
serve-access-log = Das Zugriffsprotokoll in diese Datei schreiben, als JSON, wenn --log nichts anderes sagt
    .value = DATEI
serve-user = Dieser Benutzer werden, sobald die Sockets offen sind; das kann nur root
    .value = NAME
serve-config = Tun, was diese Datei sagt; sie wird neu gelesen, wenn sie sich ändert
    .value = DATEI
serve-more =
    Beispiele:
      torwart serve --to http://127.0.0.1:3000
      torwart serve --listen :8080 --to http://10.0.0.11:3000 --to http://10.0.0.12:3000
      torwart serve --config /etc/torwart/torwart.toml

    Signale: SIGHUP liest die Datei neu, SIGTERM und SIGINT (Strg-C) lassen laufende Anfragen zu Ende
    gehen und beenden dann, ein zweites beendet sofort, SIGUSR1 öffnet das Zugriffsprotokoll neu.
    Exit-Codes: 0 wie verlangt beendet, 1 Fehler in der Datei, 2 falscher Aufruf, 3 nicht ausführbar.

check-about = Eine Konfiguration prüfen, und ob sie hier und jetzt funktioniert
check-usage = torwart check DATEI [OPTIONEN]
      torwart check --schema
check-file = Die Konfigurationsdatei
    .value = DATEI
check-offline = Die Upstreams nicht anwählen
check-timeout = Wie lange jeder Schritt beim Anwählen höchstens dauern darf: 10s, wenn nichts gesagt ist
    .value = DAUER
check-schema = Das JSON-Schema der Konfigurationsdatei ausgeben, für Editoren
check-more =
    Zeigt alle Beanstandungen an der Datei auf einmal, liest alle Dateien, die sie nennt, wählt jeden
    Upstream an und fragt ihn nach HEAD /, vergleicht Zertifikate und zeigt die Leiter der Fristen.

    Beispiele:
      torwart check torwart.toml
      torwart check torwart.toml --offline --format json
      torwart check --schema > torwart.schema.json

    Exit-Codes: 0 alles gut (Warnungen sind möglich), 1 Fehler gefunden, 2 falscher Aufruf, 3 nicht ausführbar.

doctor-about = Herausfinden, warum eine Site nicht funktioniert: Ursache, Beweis und die Zeile, die zu ändern ist
doctor-usage = torwart doctor URL [OPTIONEN]
      torwart doctor --schema
doctor-url = Die Seite, die nicht funktioniert; ohne Schema ist https gemeint
    .value = URL
doctor-upstream = Ein Server hinter dem Gateway: host:port, http://…, https://…, fastcgi://… oder unix:/pfad, wie ihn das Gateway eingestellt hat; mehrfach für mehrere
    .value = ADRESSE
doctor-config = Die Konfiguration des Gateways (nginx, HAProxy, Apache, Caddy, Traefik); auf dem Rechner des Gateways findet sie sich von selbst
    .value = DATEI
doctor-log = Ein Protokoll des Gateways; mehrfach für mehrere
    .value = DATEI
doctor-resolver = Auch diesen Nameserver fragen
    .value = IP
doctor-control = Mit diesem Ziel vergleichen, das gehen müsste, was auch immer die Site tut (bis zu 3); none: mit gar nichts
    .value = URL|HOST[:PORT]
doctor-deep = Sich Zeit nehmen für das, was lange dauert, etwa wann untätige Verbindungen geschlossen werden
doctor-deadline = Wie lange das Ganze dauern darf: 30s, wenn nichts gesagt ist, mit --deep 2m30s
    .value = DAUER
doctor-skip = Diese Prüfung auslassen, oder mehrere, mit Kommas getrennt
    .value = NAME
doctor-follow-up = Zusammenführen mit dem, was ein Lauf an anderer Stelle gesehen hat: dessen Bericht mit --format json
    .value = DATEI
doctor-resolve = Für Host und Port diese Adresse nehmen, wie bei curl
    .value = HOST:PORT:ADR
doctor-connect-to = Mit anderem Host und Port verbinden, wie bei curl
    .value = HOST1:PORT1:HOST2:PORT2
doctor-cacert = Für das Zertifikat der Site diesen Ausstellern vertrauen statt denen des Systems
    .value = DATEI
doctor-cert = Ein Zertifikat, das der Site gezeigt wird
    .value = DATEI
doctor-key = Dessen Schlüssel
    .value = DATEI
doctor-insecure = Jedes Zertifikat der Site hinnehmen
doctor-ipv4 = Nur IPv4
doctor-ipv6 = Nur IPv6
doctor-header = Ein Feld, das Anfragen hinzugefügt wird, als `Name: Wert`
    .value = FELD
doctor-request = Die Methode der Anfragen: GET, wenn nichts gesagt ist, oder eine andere, die nichts verändert
    .value = METHODE
doctor-short = Eine Zeile mit dem Urteil
doctor-schema = Das JSON-Schema des Berichts mit --format json ausgeben
doctor-more =
    Fragt wie ein Besucher, wie das Gateway und, wo es geht, wie der Upstream, und nennt die erste Stelle,
    an der es auseinandergeht. Nirgends wird etwas verändert; kein Rechner bekommt mehr als 60 Verbindungen
    und 200 Anfragen. Es geht ohne Vorrechte; auf dem Rechner des Gateways werden Konfiguration und
    Protokolle gelesen, als root ist mehr zu sehen. Der Bericht geht in die Standardausgabe (--format html
    macht eine Datei für andere), der Fortschritt in die Standardfehlerausgabe.

    Beispiele:
      torwart doctor https://shop.example
      torwart doctor https://shop.example --upstream 10.0.0.11:3000
      torwart doctor shop.example -c /etc/nginx/nginx.conf --log /var/log/nginx/error.log
      torwart doctor shop.example --format json > gateway.json
      torwart doctor shop.example --follow-up gateway.json --format html > bericht.html

    Variablen: http_proxy, https_proxy, all_proxy, no_proxy, SSL_CERT_FILE werden beachtet und genannt.
    Strg-C zeigt, was bis dahin gefunden wurde.
    Exit-Codes: 0 gesund, 1 Fehler gefunden, 2 falscher Aufruf, 3 nicht feststellbar.

explain-about = Eine Ursache oder Erkenntnis erklären, oder was einer Anfrage geschah
explain-usage = torwart explain [URSACHE | ERKENNTNIS | ANFRAGEKENNUNG | STATUS] [OPTIONEN]
explain-what = Eine Ursache wie head_timed_out, eine Erkenntnis wie connect.refused_nothing_listens, eine Anfragekennung wie bakim-toruf-zalan, ein Status wie 502; nichts zeigt alle Ursachen
    .value = WAS
explain-admin = Die Admin-Adresse des Gateways, für Anfragekennungen: 127.0.0.1:9180, wenn nichts gesagt ist
    .value = ADRESSE
explain-findings = Alle Erkenntnisse des Doktors
explain-product = Bei einer Erkenntnis: nur, was mit diesem Produkt zu tun ist
    .value = PRODUKT
explain-more =
    Beispiele:
      torwart explain                               alle Ursachen
      torwart explain connect_refused               was geschah, woran man es erkennt, was zu tun ist
      torwart explain --findings                    alle Erkenntnisse des Doktors
      torwart explain keepalive.mismatch --product nginx
      torwart explain 502                           die Ursachen, die zu diesem Status führen
      torwart explain bakim-toruf-zalan             was dieser Anfrage geschah

    Exit-Codes: 0 erklärt, 1 das Gateway kennt die Anfrage nicht, 2 das gibt es nicht,
    3 das Gateway lässt sich nicht fragen.

lab-about = Upstreams betreiben, die sich falsch verhalten, um damit ein Gateway zu prüfen
lab-usage = torwart lab [OPTIONEN]
lab-listen = Der erste Port des Labors, 127.0.0.1:9181, wenn nichts gesagt ist; weitere folgen ihm, Port 0 nimmt freie
    .value = ADRESSE
lab-tls-listen = Der Port mit TLS, sonst der nach dem ersten
    .value = ADRESSE
lab-list = Alle Fehler auflisten und enden
lab-more =
    Fehler, die sich nach einer Anfrage zeigen, haben einen Pfad, /fault/NAME; die früheren haben einen
    eigenen Port; Fehler von Namen beantwortet der Nameserver des Labors.

    Beispiele:
      torwart lab --list
      torwart lab
      curl -v http://127.0.0.1:9181/fault/head-cut

    Exit-Codes: 0 wie verlangt beendet, 2 falscher Aufruf, 3 nicht ausführbar.

demo-about = Ansehen, wie es arbeitet: ein Gateway mit drei Beispiel-Shops, von denen einer Ärger macht
demo-usage = torwart demo [OPTIONEN]
demo-listen = Wo das Gateway annimmt: 127.0.0.1:8080, wenn nichts gesagt ist; ein freier Port, wenn dieser belegt ist
    .value = ADRESSE
demo-for = Nach dieser Zeit von selbst enden, zum Beispiel 30s
    .value = DAUER
demo-more =
    Beispiele:
      torwart demo
      torwart demo --for 30s

    Strg-C beendet sie. Exit-Codes: 0 wie verlangt beendet, 2 falscher Aufruf, 3 nicht ausführbar.

upstreams-about = Die Upstreams des laufenden Gateways zeigen und ändern, welche davon benutzt werden
upstreams-usage = torwart upstreams [list] [OPTIONEN]
      torwart upstreams drain|undrain|add|remove POOL UPSTREAM [OPTIONEN]
upstreams-what = Was mit welchem Pool und welchem Upstream geschehen soll; ohne Angabe werden alle aufgezählt
    .value = WAS
upstreams-admin = Wo die Admin-Adresse des Gateways ist: 127.0.0.1:9180, wenn nichts anderes dasteht
    .value = ADRESSE
upstreams-more =
    Ein stillgelegter Upstream (drain) bekommt keine neuen Anfragen, laufende werden beendet. Was hier geändert wird, gilt bis
    zum Widerruf oder Neustart, auch über erneutes Einlesen und Ablösungen hinweg; was bleiben soll, gehört in die
    Konfiguration. Das Token wird, wo eines nötig ist, aus $TORWART_ADMIN_TOKEN gelesen.

    Beispiele:
      torwart upstreams
      torwart upstreams drain shop http://10.0.0.11:3000
      torwart upstreams undrain shop http://10.0.0.11:3000
      torwart upstreams add shop http://10.0.0.13:3000

    Exit-Codes: 0 erledigt, 1 abgelehnt, 2 falsche Befehlszeile, 3 nicht zu fragen.

purge-about = Das laufende Gateway Antworten aus seinem Cache entfernen lassen
purge-usage = torwart purge URL [OPTIONEN]
      torwart purge --prefix URL | --tag TAG | --all [OPTIONEN]
purge-url = Die Adresse, mit oder ohne Schema: shop.example/sale
    .value = URL
purge-prefix = Alle Adressen, die so beginnen
    .value = URL
purge-tag = Alle Antworten mit diesem Tag in Surrogate-Key oder Cache-Tag
    .value = TAG
purge-all = Alles
purge-admin = Wo die Admin-Adresse des Gateways ist: 127.0.0.1:9180, wenn nichts anderes dasteht
    .value = ADRESSE
purge-more =
    Was entfernt wird, ist sofort weg, auch Antworten, die gerade unterwegs sind. Das Token wird, wo eines nötig ist, aus
    $TORWART_ADMIN_TOKEN gelesen.

    Beispiele:
      torwart purge https://shop.example/sale
      torwart purge --prefix shop.example/images/
      torwart purge --tag produkt-17

    Exit-Codes: 0 erledigt, 1 abgelehnt, 2 falsche Befehlszeile, 3 nicht zu fragen.

upgrade-about = Das laufende Gateway durch einen neuen Prozess von Programm und Konfiguration auf der Platte ablösen
upgrade-usage = torwart upgrade [OPTIONEN]
upgrade-admin = Wo die Admin-Adresse des Gateways ist: 127.0.0.1:9180, wenn nichts anderes dasteht
    .value = ADRESSE
upgrade-more =
    Das laufende Gateway startet den neuen Prozess selbst, mit seinen eigenen Argumenten, und übergibt ihm alle Sockets, an
    denen es lauscht. Sobald der neue bedient, lässt der alte seine Anfragen enden; keine Verbindung wird abgewiesen oder
    abgeschnitten. Wird der neue nicht bereit, bleibt alles, wie es ist, und der Grund wird genannt. Das Signal SIGUSR2 tut
    dasselbe.

    Beispiele:
      torwart upgrade
      torwart upgrade --admin 127.0.0.1:9181

    Exit-Codes: 0 abgelöst, 1 nicht geschehen, der alte läuft weiter, 2 falsche Befehlszeile, 3 nicht zu fragen.

health-about = Das laufende Gateway fragen, ob es bereit ist
health-usage = torwart health [OPTIONEN]
health-admin = Wo die Admin-Adresse des Gateways ist: 127.0.0.1:9180, wenn nichts anderes dasteht
    .value = ADRESSE
health-more =
    Für die Zustandsprüfung eines Containers und für Skripte.

    Beispiele:
      torwart health
      torwart health --admin 127.0.0.1:9181 && echo bereit

    Exit-Codes: 0 bereit, 1 läuft und ist nicht bereit, 2 falsche Befehlszeile, 3 nicht zu fragen.

manual-about = Handbuchseiten und Vervollständigungen für Shells schreiben
manual-usage = torwart manual ORDNER
manual-more =
    Exit-Codes: 0 geschrieben, 2 falsche Befehlszeile, 3 ließ sich nicht ausführen.

## Wrong command lines

wrong-unknown-option = die Option `{ $option }` gibt es hier nicht
wrong-unknown-command = den Befehl `{ $command }` gibt es nicht
wrong-value-missing = `{ $option }` braucht einen Wert
wrong-value = `{ $option }` kennt `{ $value }` nicht
wrong-value-because = `{ $option } { $value }`: { $why }
wrong-twice = `{ $option }` kann nur einmal angegeben werden
wrong-together = `{ $option }` und `{ $other }` passen nicht zusammen
wrong-missing = { $option } fehlt
wrong-no-command = der Befehl fehlt
wrong-not-text = ein Argument ist kein gültiger Text (UTF-8)
wrong-count = `{ $option }` hat die falsche Anzahl von Werten
wrong-near = meinten Sie { $near }?
wrong-possible = möglich sind: { $values }
wrong-see-help = mit --help sehen Sie, was hier möglich ist
value-address = hier gehört eine IP-Adresse mit Port hin, zum Beispiel 127.0.0.1:8080, oder ein Port
value-socket-path = der Pfad des Unix-Sockets fehlt, wie in unix:/run/torwart.sock
value-duration = hier gehört eine Dauer hin, zum Beispiel 30s, 1m30s oder 500ms
value-duration-unit = hier fehlt die Einheit, zum Beispiel { $value }s oder { $value }ms

## What keeps it from starting

trouble-taken = { $address } ist belegt: Dort nimmt schon jemand an
trouble-taken-hint = `ss -ltnp 'sport = :{ $port }'` zeigt, wer; oder wählen Sie einen anderen Port
trouble-privileged = { $address } darf nicht benutzt werden: Ports unter 1024 brauchen ein Vorrecht
trouble-privileged-hint = Wählen Sie einen Port wie 8080, oder erteilen Sie es: `sudo setcap cap_net_bind_service=+ep "$(command -v torwart)"`; unter systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE
trouble-not-ours = { $address } lässt sich nicht benutzen: Dieser Rechner hat diese Adresse nicht
trouble-not-ours-hint = `ip -brief address` zeigt, welche er hat; Port { $port } auf allen ist 0.0.0.0:{ $port }
trouble-listen = { $address } lässt sich nicht benutzen: { $error }
trouble-log = das Zugriffsprotokoll { $path } lässt sich nicht öffnen: { $error }
trouble-log-hint = Der Ordner muss vorhanden sein, und dieser Benutzer muss dort schreiben dürfen
trouble-user-unknown = Auf diesem Rechner gibt es den Benutzer oder die Gruppe { $user } nicht
trouble-user-unknown-hint = `useradd --system { $user }` legt einen an; in einem Container genügt auch eine Nummer wie 65532
trouble-user-refused = Benutzer { $user } kann nicht angenommen werden: { $error }
trouble-user-refused-hint = Nur root kann ein anderer Benutzer werden: als root starten, oder als { $user } und ohne diesen Schlüssel
trouble-user-file-hint = Der Benutzer, der der Prozess wird, muss Konfiguration, Zertifikate und Schlüssel lesen können, sonst ließe sich nichts neu laden
trouble-secret-file = das Token in { $file } ist nicht lesbar: { $error }
trouble-secret-unset = die Admin-Adresse ist von anderen Rechnern aus erreichbar und braucht ein Token, aber die Variable { $name } ist nicht gesetzt
trouble-secret-unfit = das Token aus { $place } ist zu kurz oder enthält Zeichen, die sich nicht senden lassen
trouble-secret-hint = mindestens 16 Buchstaben, Ziffern und Zeichen ohne Leerzeichen, zum Beispiel aus `openssl rand -hex 24`
trouble-system = das System gibt nicht, was nötig ist: { $error }
trouble-of-pool = Pool { $name }: { $problem }
trouble-of-forward = auth.forward { $name }: { $problem }
trouble-unreadable = { $file } ist nicht lesbar: { $error }
trouble-unreadable-hint = Ein Pfad in der Konfiguration zählt vom Ordner ihrer Datei aus; `ls -l { $file }` zeigt, ob es sie gibt und wer sie lesen darf
trouble-not-pem = { $file } ist keine gültige PEM-Datei
trouble-not-pem-hint = Sie muss Zeilen wie -----BEGIN CERTIFICATE----- enthalten; aus DER macht sie `openssl x509 -inform DER -in { $file } -out shop.pem`
trouble-no-certificate = { $file } enthält kein Zertifikat
trouble-no-certificate-hint = Das Zertifikat steht zuerst, danach die zwischen ihm und der Wurzel, alle in dieser einen Datei; sind Kette und Schlüssel vertauscht?
trouble-no-key = { $file } enthält keinen lesbaren privaten Schlüssel
trouble-no-key-hint = Ein Schlüssel mit Kennwort wird mit `openssl pkey -in { $file } -out shop.key` entschlüsselt; sind Kette und Schlüssel vertauscht?
trouble-no-revocation-list = { $file } enthält keine Sperrliste
trouble-no-revocation-list-hint = Sie muss -----BEGIN X509 CRL----- enthalten; aus DER macht sie `openssl crl -inform DER -in { $file } -out shop.crl`
trouble-unusable = { $file } lässt sich nicht verwenden: { $error }
trouble-unusable-hint = `openssl x509 -in { $file } -noout -text` zeigt, was in der Datei steht
trouble-key-mismatch = der Schlüssel in { $key } gehört nicht zum Zertifikat in { $chain }
trouble-key-mismatch-hint = Nach einer Erneuerung müssen beide Dateien ausgetauscht werden; `openssl x509 -in { $chain } -noout -pubkey` und `openssl pkey -in { $key } -pubout` müssen dasselbe ausgeben
trouble-bad-name = `{ $name }` ist weder ein Rechnername noch eine Adresse
trouble-bad-name-hint = Der Name steht im Zertifikat des Upstreams, etwa api.internal
trouble-tls-library = die TLS-Bibliothek lehnt diese Einstellungen ab: { $error }
trouble-tls-library-hint = TLS wird in den Versionen 1.2 und 1.3 gesprochen, mit Schlüsseln von RSA ab 2048 Bit, ECDSA oder Ed25519
trouble-no-roots = dieser Rechner hat keine vertrauenswürdigen Zertifikate; so ließe sich kein einziges prüfen
trouble-no-roots-hint = Installieren Sie das Paket ca-certificates, oder nennen Sie die Zertifizierungsstelle mit `tls.ca`
trouble-door-file = { $file }: { $error }
trouble-door-file-hint = Listen enthalten je Zeile eine Adresse oder ein Netz, Benutzerdateien das, was `htpasswd -B` schreibt
trouble-cookie-secret = das Geheimnis der Cookies, die Clients bei ihrem Upstream halten, ist nicht zu haben: { $file } { $error }
trouble-cookie-secret-hint = Es ist die erste Zeile der Datei, mindestens 16 Zeichen, und der Benutzer des Prozesses muss sie lesen dürfen
trouble-folder = der Ordner { $folder } lässt sich nicht ausliefern: { $error }
trouble-folder-hint = Es muss ihn geben, und der Benutzer des Prozesses muss ihn lesen und die Ordner darüber betreten dürfen
trouble-template = die Antwortseite { $file } lässt sich nicht verwenden: { $error }
trouble-template-hint = docs/de/operating.md nennt unter „Eigene Fehlerseiten“ die Namen, die zwischen doppelten geschweiften Klammern stehen dürfen

## serve

serve-nothing = es ist nicht gesagt, wohin die Anfragen gehen sollen
serve-nothing-hint = `torwart serve --to http://127.0.0.1:3000` leitet an einen Server auf diesem Rechner weiter, `torwart serve --config DATEI` tut, was eine Datei sagt; `torwart demo` braucht keines von beiden
serve-bad-file = mit diesen Fehlern lässt sich nichts betreiben; es wurde nichts gestartet
serve-running = Torwart { $version } läuft, Prozess { $process }
serve-threads = { $count ->
    [one] { $count } Arbeiter
   *[other] { $count } Arbeiter
}
serve-listens = nimmt an
serve-forwards = leitet weiter
serve-admin-at = Admin
serve-no-admin = keine Adresse
serve-log-to = Protokoll
serve-log-off = keines
serve-log-stdout = Standardausgabe
serve-log-stderr = Standardfehlerausgabe
serve-protection = Schutz
serve-protects-root = läuft als root; mit dem Schlüssel `user` gibt es das auf
serve-protects-user = Benutzer { $user }
serve-protects-powerless = keine Capabilities
serve-protects-capabilities = Capabilities: { $capabilities }
serve-protects-files-confined = nur die eigenen Dateien (Landlock)
serve-protects-files-partly = nur die eigenen Dateien, soweit dieser Kernel es kann (Landlock)
serve-protects-files-unavailable = alle Dateien seines Benutzers: Diesem Kernel fehlt Landlock
serve-protects-files-free = alle Dateien seines Benutzers: confine = false
serve-protects-files-hooks = alle Dateien seines Benutzers: Hooks starten Programme
serve-stop = beenden
serve-stop-how = Strg-C oder `kill { $process }`; laufende Anfragen dürfen zu Ende gehen
serve-no-file = es gibt keine Konfigurationsdatei, die neu gelesen werden könnte
serve-kept = es wurde nichts übernommen; die bisherige Konfiguration bleibt in Kraft
serve-draining = wird beendet: keine neuen Verbindungen, laufende Anfragen haben noch { $within } (noch einmal: sofort)
serve-drained = beendet; alle Anfragen sind von selbst zu Ende gegangen
serve-cut = beendet; was noch lief, wurde geschlossen

upgrade-done = Prozess { $process } hat übernommen; hier noch laufende Anfragen haben { $within } bis zum Ende
upgrade-kept = Nichts hat sich geändert, dieser Prozess läuft weiter
upgrade-not-started = Ein neuer Prozess ließ sich nicht starten: { $error }
upgrade-denied-hint = Ein eingeschränktes Gateway startet Programme nur aus dem Ordner, in dem sein eigenes beim Start lag. Starten Sie es einmal neu; mit Socket-Aktivierung (torwart.socket) wird dabei niemand abgewiesen.
upgrade-failed = Der neue Prozess wurde nicht bereit: { $text }
upgrade-ended = Der neue Prozess endete, bevor er bereit war ({ $status })
upgrade-late = Der neue Prozess war nach { $within } nicht bereit und wurde beendet
upgrade-first-process = Dieses Gateway ist der erste Prozess seines Containers, der mit ihm enden würde
upgrade-first-process-hint = Ersetzen Sie den Container, oder starten Sie das Gateway unter einem Init-Prozess (docker run --init).
upgrade-not-told = Dieses Gateway läuft als Dienst, dem sich kein neuer Hauptprozess melden lässt, und würde mit dem alten beendet
upgrade-not-told-hint = Verwenden Sie in der Unit Type=notify, oder Socket-Aktivierung (torwart.socket) und einen Neustart.
upstreams-unclear = `torwart upstreams { $what }` ist kein vollständiger Auftrag
upstreams-unclear-hint = `torwart upstreams drain POOL UPSTREAM`; `torwart upstreams` zeigt beide Namen

## check

check-no-complaints = { $file }: nichts zu beanstanden
check-errors = { $count ->
    [one] { $count } Fehler
   *[other] { $count } Fehler
}
check-warnings = { $count ->
    [one] { $count } Warnung
   *[other] { $count } Warnungen
}
check-not-dialled = Die Upstreams wurden nicht angewählt: zuerst die Fehler.
check-certificates = Zertifikate für Clients
check-uncovered = nicht für diese Hosts der Site: { $hosts }
check-valid = gültig bis { $day }, noch { $days }
check-certificate-waiting = noch kein Zertifikat; es wird ausgestellt, sobald das Gateway läuft, bis dahin wird ein Platzhalter gezeigt
check-ends-soon = endet am { $day }, noch { $days }
check-expired = abgelaufen am { $day }, seit { $days }
check-upstreams = Upstreams, gefragt nach HEAD /; Dienste von auth.forward, gefragt als Fremder
check-upstreams-unasked = Upstreams: nicht gefragt
check-upstream = Upstream
check-found = Befund
check-resolve = Name
check-connect = Verbindung
check-tls = TLS
check-head = Antwortkopf
check-status = Status
check-answers = antwortet
check-observed = beobachtet: { $ending } (bei { $stage }, nach { $after })
check-observed-at = beobachtet: { $ending } (bei { $stage }, nach { $after }, { $address })
check-lets-anybody-in = lässt ein, wer gar nichts vorzeigt; ist das nicht gewollt, sind seine eigenen Regeln zu weit, oder er wird unter dem falschen Pfad gefragt
check-first-bytes = gesendet hat er: { $bytes }
check-certificate = sein Zertifikat gilt für { $validity }; ausgestellt von { $issuer }
check-acts = zuständig: { $actor }
check-deadlines = Fristen, in der Reihenfolge, in der sie ablaufen können
check-next-request = die nächste Anfrage des Clients
check-no-deadline = keine
check-longest = Ein Client wartet höchstens { $all } auf den Kopf einer Antwort ({ $attempts } Versuche zu höchstens { $each }). Was vor Torwart steht, sollte länger warten.
check-longest-total = Ein Client wartet höchstens { $all } auf den Kopf einer Antwort: Die Gesamtfrist beendet { $attempts } Versuche zu höchstens { $each }. Was vor Torwart steht, sollte länger warten.
check-process = Der Prozess, sobald er läuft
check-user-own = Er bleibt, wer ihn startet; als root gestartet bliebe er root. Mit dem Schlüssel `user` wird er jemand anderes.
check-user-becomes = Er wird { $user } (Benutzer { $uid }, Gruppe { $gid }), sobald seine Sockets offen sind, ohne jede Capability.
check-user-unknown = Den Benutzer oder die Gruppe { $user } gibt es auf diesem Rechner nicht.
check-files-confined = Danach erreicht er nur noch seine eigenen Dateien, wo der Kernel das kann (Landlock, Linux 5.13).
check-files-free = Danach erreicht er alle Dateien seines Benutzers.
check-loosened = Absichtlich gelockert
check-well = Gut: So kann es in Betrieb gehen.
check-faulty = Fehlerhaft: siehe oben.
loose-verify = Die Zertifikate dieser Upstreams werden nicht geprüft. Wer auf dem Weg sitzt, kann sich für sie ausgeben und alles lesen und ändern. Besser: tls.ca nennt den Aussteller, tls.name den Namen.
loose-equal-lengths = Eine Anfrage darf mehrere gleiche Content-Length enthalten. Harmlos, solange alle dahinter sie als eine verstehen.
loose-coding-beats-length = Eine Anfrage darf Transfer-Encoding und Content-Length zugleich enthalten. Wer dahinter dem anderen glaubt, sieht eine andere Anfrage: der klassische Weg, eine einzuschmuggeln.
loose-bare-lf = Zeilen eines Anfragekopfs dürfen mit einem bloßen LF enden. Wer sich über Zeilenenden nicht einig ist, ist sich über Felder nicht einig.
loose-obs-fold = Umbrochene Feldzeilen einer Anfrage werden zusammengefügt. Andere könnten die zweite Zeile für ein eigenes Feld halten.
loose-space-before-colon = Leerzeichen zwischen Feldname und Doppelpunkt werden entfernt. Andere könnten einen anderen Feldnamen sehen oder keinen.
loose-missing-host = Anfragen ohne Host oder mit leerem werden bedient. Welche Site gemeint ist, wird geraten.
loose-target-characters = Ziele dürfen Bytes enthalten, die prozentkodiert sein müssten. Andere könnten sie abschneiden oder anders lesen.
loose-control-bytes = Feldwerte von Antworten dürfen Steuerzeichen enthalten. Clients können sie beliebig zeigen oder verstehen.
loose-confine = Das laufende Gateway ist nicht auf seine eigenen Dateien beschränkt. Wer es übernimmt, liest alles, was sein Benutzer lesen kann.
loose-hooks = Hooks starten Programme, deshalb ist das laufende Gateway nicht auf seine eigenen Dateien beschränkt. Lassen Sie es als Benutzer laufen, der sonst nichts lesen kann.
loose-socket = Jeder Benutzer dieses Rechners kann sich mit diesem Socket verbinden.
loose-admin = Die Admin-Adresse ist von anderen Rechnern aus erreichbar, und zwar unverschlüsselt. Wer das Token unterwegs mitliest, liest Metriken und fehlgeschlagene Anfragen.
loose-link-local = Namen dieser Upstreams dürfen zu Link-Local-Adressen und zum Metadatendienst der Cloud führen. Wer den Namen ändert, holt sich über das Gateway die Zugangsdaten dieses Rechners.
loose-early-data = Anfragen, die nichts ändern sollen (GET, HEAD, OPTIONS), gehen weiter, bevor der Client bewiesen hat, dass er sie gerade jetzt sendet; wer sie aufgezeichnet hat, kann sie noch einmal senden. Lassen Sie es nur so, wenn jeder Upstream das Feld Early-Data kennt und mit 425 antwortet, wo eine Wiederholung schaden würde.
loose-per-address = Eine Client-Adresse darf mehr Verbindungen halten als voreingestellt; weniger von ihnen belegen also alle Plätze.
loose-connections = Es dürfen mehr Clientverbindungen zugleich offen sein als voreingestellt; jede braucht Speicher und zwei Deskriptoren.
loose-size = Clients dürfen mehr senden als voreingestellt; weniger von ihnen füllen also den Speicher oder die Platten der Upstreams.
loose-streams = Eine Verbindung darf mehr Anfragen offen haben als voreingestellt; weniger Verbindungen belegen also alle Plätze.
loose-windows = In große Fenster darf mehr Speicher gehen als voreingestellt; wie viel davon sie füllen und wie lange, entscheiden die Clients.
loose-time = Clients dürfen länger brauchen als voreingestellt; absichtlich langsame halten ihre Plätze also länger.
loose-basic = Passwörter werden verlangt, wo Clients sich ohne TLS verbinden: Wer auf dem Weg sitzt, liest sie mit. Besser: redirect_to_https = true.
loose-trusted = Den weitergereichten Feldern aller wird geglaubt: Jeder Client kann wählen, welche Adresse die Upstreams sehen, und bekommt Einzelheiten gezeigt.

## doctor

doctor-made-fine = gut
doctor-made-found = GEFUNDEN
doctor-made-could-not = unklar
doctor-made-out-of-time = zu spät
doctor-made-skipped = aus
doctor-bad-follow-up = { $file } ist kein Bericht dieses Programms: { $error }
doctor-bad-follow-up-hint = `torwart doctor URL --format json > DATEI` schreibt einen; beide Programme sollten dieselbe Version haben
doctor-other-url = { $file } handelt von { $theirs }, nicht von { $ours }
doctor-other-url-hint = Fragen Sie an beiden Orten nach derselben URL; wenn deren Name dort woandershin führt, geben Sie jenem Lauf --connect-to oder --resolve mit
doctor-file-denied-hint = dieser Benutzer darf sie nicht lesen; mit sudo oder als Mitglied der Gruppe, die es darf, geht es
doctor-value-url-scheme = gefragt werden können nur Seiten mit http:// und https://
doctor-value-scheme = möglich sind http://, https://, fastcgi://, uwsgi:// und unix:/pfad, oder nur host:port
doctor-value-no-host = der Host fehlt
doctor-value-no-port = der Port fehlt, wie in fastcgi://127.0.0.1:9000
doctor-value-port = der Port ist eine Zahl von 1 bis 65535
doctor-value-character = darin ist ein Zeichen, das in einer Adresse nicht stehen kann
doctor-controls = --control nimmt bis zu { $most } Ziele oder `none` allein
doctor-value-resolver = `{ $value }` ist keine IP-Adresse; ein Nameserver wird mit seiner Adresse genannt, zum Beispiel 9.9.9.9
doctor-value-resolve = hier gehört HOST:PORT:ADRESSE hin, zum Beispiel shop.example:443:10.0.0.5
doctor-value-connect-to = hier gehört HOST1:PORT1:HOST2:PORT2 hin, zum Beispiel shop.example:443:gate1.internal:8443
doctor-value-field = hier gehört ein Feld wie `X-Probe: 1` hin
doctor-value-method = möglich sind GET, HEAD, OPTIONS und TRACE: Der Doktor wiederholt Anfragen und darf nichts verändern

## explain

explain-unknown = es gibt weder eine Ursache noch eine Erkenntnis oder Anfragekennung `{ $what }`
explain-unknown-hint = `torwart explain` zeigt alle Ursachen, `torwart explain --findings` alle Erkenntnisse; eine Anfragekennung hat drei Wörter zu fünf Buchstaben
explain-unknown-product = auf keiner Seite steht etwas zu `{ $product }`
explain-unknown-product-hint = bekannt sind zum Beispiel nginx, HAProxy, Apache, Caddy und Traefik
explain-admin-hint = das Gateway, das geantwortet hat, muss laufen und seine Admin-Adresse dort haben; --admin nennt eine andere
explain-status = Ursachen, die zum Status { $status } führen
explain-status-more = Auch ein Upstream kann selbst mit diesem Status antworten; das wird weitergegeben. `torwart explain URSACHE` erklärt eine.
explain-no-status = keine Ursache führt zum Status { $status }: Er kommt von einem Upstream

## lab

lab-runs = Das Labor ist geöffnet.
lab-plain = Fehler nach Pfad
lab-tls = dasselbe mit TLS
lab-names = Nameserver
lab-authority = Aussteller zum Vertrauen
lab-try = Probieren Sie
lab-try-list = alle Fehler auflisten, jeden mit seiner URL
lab-try-fault = einem unmittelbar begegnen
lab-try-tls = einem über TLS begegnen
lab-try-gateway = ein Gateway davorstellen und es dann nach http://127.0.0.1:8081/fault/head-cut fragen
lab-try-port = ein Fehler mit eigenem Port, zum Beispiel { $fault }, ist für sich ein Upstream
lab-faults = { $count } Fehler.
lab-stop = Strg-C schließt das Labor.
lab-needs-ports = Das Labor braucht diesen Port und einige danach; `--listen 127.0.0.1:0` nimmt freie.
lab-family-name = Namen auflösen
lab-family-connect = Verbinden
lab-family-tls = TLS
lab-family-head = Der Antwortkopf
lab-family-body = Der Antwortinhalt
lab-family-time = Zeit
lab-family-reuse = Eine Verbindung wiederverwenden
lab-family-valid = Ungewöhnlich, aber richtig: muss durchgehen
lab-family-pool = Mehrere Upstreams

## demo

demo-title = Torwart { $version }, Vorführung
demo-intro = Hinter einem Gateway stehen drei Beispiel-Shops. shop-3 macht nach Plan Ärger; sehen Sie zu, was Besucher davon merken.
demo-taken = { $address } ist belegt, deshalb nimmt das Gateway auf { $chosen } an.
demo-open = Öffnen Sie
demo-open-shop = den Shop, aus allen dreien
demo-open-alone = shop-3 allein: Hier lässt sich nichts auffangen, Sie sehen die Antwortseite
demo-open-metrics = Zähler, für Prometheus
demo-open-exchanges = die fehlgeschlagenen Anfragen, als JSON
demo-try = Probieren Sie
demo-request-id = ANFRAGEKENNUNG
demo-goes = Ein Besucher fragt fünfmal in der Sekunde. Fehler erscheinen unten; Strg-C beendet die Vorführung.
demo-fate-masked = aufgefangen
demo-fate-answered = beantwortet
demo-fate-passed-on = durchgereicht
demo-fate-cut = abgebrochen
demo-why-masked = { $failed } -> { $last } hat geantwortet
demo-why-passed-on = { $last } sagt das selbst
demo-why-cut = { $failed }, nachdem die Antwort begonnen hatte
demo-why-post = { $failed }, eine Bestellung wird nicht wiederholt
demo-why-alone = { $failed }, kein anderer Upstream
demo-why-answered = { $failed }
demo-tally = { $well } gut, { $masked } aufgefangen, { $answered } beantwortet, { $passed } durchgereicht, { $cut } abgebrochen
demo-summary = Das war es. Für die Besucher:
demo-sum-well = { $count ->
    [one] Anfrage ging gut
   *[other] Anfragen gingen gut
}
demo-sum-masked = { $count ->
    [one] Fehler wurde aufgefangen: Ein Versuch schlug fehl, ein anderer Upstream antwortete
   *[other] Fehler wurden aufgefangen: Ein Versuch schlug fehl, ein anderer Upstream antwortete
}
demo-sum-answered = { $count ->
    [one] wurde vom Gateway beantwortet, mit ihrer Ursache
   *[other] wurden vom Gateway beantwortet, jede mit ihrer Ursache
}
demo-sum-passed-on = { $count ->
    [one] Fehler des Upstreams selbst wurde unverändert weitergegeben
   *[other] Fehler des Upstreams selbst wurden unverändert weitergegeben
}
demo-sum-cut = { $count ->
    [one] Antwort brach sichtbar ab, nachdem sie begonnen hatte
   *[other] Antworten brachen sichtbar ab, nachdem sie begonnen hatten
}

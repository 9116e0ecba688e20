# Sätze der Oberfläche, deutsch. en.ftl enthält dieselben Schlüssel in derselben Reihenfolge.
# $party ist "client", "authoriser" oder "upstream"; Zahlen und Namen aus Registern kommen als Text.

## Bezeichnungen

label-request-id = Vorgangsnummer
label-time = Zeit
label-retry-after = Neuer Versuch nach
label-support = Hilfe
label-status-page = Aktueller Stand
label-cause = Ursache
label-stage = Abschnitt
label-ending = Beobachtet wurde
label-upstream = Upstream
label-address = Adresse
label-attempts = Versuche
label-error-type = Fehlertyp nach RFC 9209
label-status = Status
label-retry = Wiederholen
label-actor = Wer handeln muss
label-what-happened = Was passiert ist
label-how-to-tell = Woran man es erkennt
label-what-to-do = Was zu tun ist
label-see-also = Siehe auch
label-none = keiner
label-no-answer = keine eigene Antwort
reference-title = Ursachen
reference-intro = Alle Ursachen, die Torwart nennen kann, in der Reihenfolge der Abschnitte eines Vorgangs. Die Kennungen bleiben, wie sie sind: Sie stehen in Protokollen, Metriken und Berichten, und „torwart explain <id>“ zeigt dieselbe Seite.
overview-title = Alle Ursachen, nach Abschnitten
overview-hint = „torwart explain <id>“ erklärt eine davon.
seconds = { $count ->
    [one] { $count } Sekunde
   *[other] { $count } Sekunden
}

## Abschnitte

stage-accept = Verbindung des Clients annehmen
stage-parse = Anfrage lesen
stage-route = Site und Route wählen
stage-guard = Client prüfen
stage-cache = Cache fragen
stage-admit = einlassen oder einreihen
stage-pick = Upstream wählen
stage-resolve = Namen des Upstreams auflösen
stage-connect = zum Upstream verbinden
stage-handshake = TLS-Handshake mit dem Upstream
stage-send = Anfrage senden
stage-head = auf den Antwortkopf warten
stage-body = Antwortinhalt weitergeben

## Zuständige

actor-dns = wer die Nameserver betreibt
actor-network = wer das Netz zwischen Gateway und Upstream betreibt
actor-firewall = wer die Paketfilter betreibt
actor-tls = wer Zertifikate ausstellt und einspielt
actor-gateway = wer das Gateway konfiguriert
actor-upstream = wer den Upstream und seinen Rechner betreibt
actor-application = wer die Anwendung entwickelt
actor-client = der Client oder sein Netz
actor-nobody = niemand

## Wiederholen

retry-always = bei jeder Methode unbedenklich: Der Upstream hat die Anfrage nachweislich nicht angenommen
retry-idempotent = nur bei idempotenten Methoden: Der Upstream hat die Anfrage vielleicht schon angenommen
retry-never = wird nicht wiederholt

## Gewissheit und fehlende Beobachtungen

certainty-certain = sicher
certainty-likely = wahrscheinlich
observation-ending = wie dieser Abschnitt endete: { $stage }
observation-link-reuse = ob die Verbindung schon vorher benutzt worden war
observation-attempts = ob überhaupt ein Upstream versucht wurde

## Enden

party = { $party ->
    [client] der Client
    [authoriser] der Anmeldedienst
   *[upstream] der Upstream
}
party-of = { $party ->
    [client] des Clients
    [authoriser] des Anmeldedienstes
   *[upstream] des Upstreams
}
ending-closed = { party } hat die Verbindung vorzeitig geschlossen
ending-closed-without-notify = { party } hat die TLS-Verbindung ohne close_notify beendet; die Daten sind womöglich abgeschnitten
ending-reset = { party } hat die Verbindung zurückgesetzt
ending-refused = die Verbindung wurde abgelehnt
ending-unroutable = das Netz kennt keinen Weg zu der Adresse
ending-missing = der Unix-Socket existiert nicht
ending-queue-full = die Warteschlange des Upstreams für neue Verbindungen ist voll
ending-forbidden = dieser Rechner erlaubt die Verbindung nicht
ending-resources-spent = dem Gateway sind Dateideskriptoren, Quellports oder Speicher ausgegangen
ending-malformed = { party } hat bei Byte { $at } die Regeln von HTTP verletzt: { $what }
ending-too-large = { party } hat eine Grenze überschritten: { $what }
ending-tls-alert = { party } hat den TLS-Alarm { $number } gesendet ({ $name })
ending-stream-refused = { party } hat den Stream abgelehnt, bevor er ihn bearbeitet hat
ending-stream-reset = { party } hat den Stream mit Fehler { $number } zurückgesetzt ({ $name })
ending-os = Betriebssystemfehler { $number } ({ $name })
ending-panicked = im Programm des Gateways selbst ist ein Fehler aufgetreten
ending-timed-out-client-head = der Client hat seinen Anfragekopf nicht rechtzeitig vollständig gesendet (Frist client_head)
ending-timed-out-client-body = vom Inhalt der Anfrage kam nicht rechtzeitig mehr (Frist client_body)
ending-timed-out-client-handshake = der Client hat den TLS-Handshake nicht rechtzeitig abgeschlossen (Frist client_handshake)
ending-timed-out-client-write = der Client hat von seiner Antwort nicht rechtzeitig mehr abgenommen (Frist client_write)
ending-timed-out-resolve = kein Nameserver hat rechtzeitig geantwortet (Frist resolve)
ending-timed-out-connect = der Upstream hat auf den Verbindungsversuch nicht rechtzeitig geantwortet (Frist connect)
ending-timed-out-authorise = der Anmeldedienst hat nicht rechtzeitig geantwortet (Frist auth.deadline)
ending-timed-out-handshake = der TLS-Handshake mit dem Upstream wurde nicht rechtzeitig fertig (Frist handshake)
ending-timed-out-send = der Upstream hat von der Anfrage nicht rechtzeitig mehr abgenommen (Frist send)
ending-timed-out-first-byte = der Antwortkopf des Upstreams war nicht rechtzeitig vollständig (Frist first_byte)
ending-timed-out-between-bytes = vom Antwortinhalt des Upstreams kam nicht rechtzeitig mehr (Frist between_bytes)
ending-timed-out-per-try = der Versuch dauerte zu lange, und ein anderer Upstream konnte noch gefragt werden (Frist per_try)
ending-timed-out-total = die Zeit für den ganzen Vorgang war aufgebraucht (Frist total)
ending-timed-out-queue = die Anfrage hat zu lange in der Warteschlange gestanden (Frist queue)
ending-timed-out-drain = das Gateway hat angehalten, bevor der Vorgang zu Ende war (Frist drain)
ending-name-nxdomain = den Namen gibt es nicht (NXDOMAIN)
ending-name-no-address = den Namen gibt es, aber er hat weder einen A- noch einen AAAA-Eintrag
ending-name-rcode = der Nameserver hat mit { $name } geantwortet (RCODE { $number })
ending-name-loop = die Kette der CNAME-Einträge läuft im Kreis oder ist zu lang
ending-name-garbled = die Antwort des Nameservers war nicht lesbar
ending-name-unreachable = kein Nameserver war erreichbar
ending-name-system = die Namensauflösung des Systems ist mit { $name } gescheitert ({ $number })
ending-certificate-untrusted = das Zertifikat { party-of } führt zu keiner vertrauenswürdigen Wurzel
ending-certificate-expired = das Zertifikat { party-of } ist abgelaufen
ending-certificate-not-yet-valid = das Zertifikat { party-of } ist noch nicht gültig
ending-certificate-wrong-name = das Zertifikat { party-of } gilt für einen anderen Namen
ending-certificate-revoked = das Zertifikat { party-of } ist widerrufen
ending-certificate-missing = das Zertifikat { party-of } fehlt
ending-certificate-unusable = das Zertifikat { party-of } ist für diesen Zweck nicht bestimmt
ending-tls-not-tls = { party } spricht hier kein TLS
ending-tls-no-agreement = { party } und das Gateway haben keine TLS-Version, Cipher-Suite oder Parameter gemeinsam
ending-tls-broken = { party } hat das TLS-Protokoll verletzt
ending-cancelled-client = der Client ist gegangen
ending-cancelled-upstream = der Upstream hat aufgegeben
ending-cancelled-gateway = das Gateway hat aufgegeben
ending-cancelled-faster = ein zweiter Versuch daneben wurde zuerst beantwortet
ending-decided-no-route = keine Site oder Route passt zu der Anfrage
ending-decided-no-file = es gibt keine solche Datei
ending-decided-file-forbidden = das Gateway darf die Datei nicht lesen
ending-decided-deny = eine Regel des Gateways verbietet die Anfrage
ending-decided-misdirected = die Verbindung wurde für eine andere Site aufgebaut
ending-decided-unauthorised = der Client hat nicht nachgewiesen, wer er ist
ending-decided-authoriser-unclear = der Anmeldedienst hat weder ja noch nein gesagt
ending-decided-rate-limit = der Client fragt häufiger als erlaubt
ending-decided-loop = die Anfrage ist schon einmal durch dieses Gateway gelaufen
ending-decided-gateway-full = das Gateway hat so viele Vorgänge, wie es haben darf
ending-decided-route-full = die Route hat so viele Anfragen, wie sie haben darf
ending-decided-wait = die Site hat so viele Besucher, wie sie haben darf
ending-decided-upstream-full = jeder Upstream hat so viele Anfragen, wie er haben darf
ending-decided-all-down = alle Upstreams gelten als ausgefallen
ending-decided-address-forbidden = die Adresse des Upstreams ist nicht erlaubt
ending-decided-misconfigured = mit dieser Konfiguration lässt sich die Anfrage nicht bedienen
ending-decided-draining = das Gateway wird gerade beendet

## Fristen

deadline-client-head = der Anfragekopf des Clients
deadline-client-body = eine Pause im Inhalt der Anfrage
deadline-client-handshake = der TLS-Handshake des Clients
deadline-client-write = ein Client, der nichts mehr abnimmt
deadline-resolve = die Namensauflösung
deadline-connect = der Verbindungsaufbau
deadline-authorise = der Anmeldedienst
deadline-handshake = der TLS-Handshake
deadline-send = ein Upstream, der nichts mehr abnimmt
deadline-first-byte = der ganze Antwortkopf des Upstreams
deadline-between-bytes = eine Pause im Antwortinhalt des Upstreams
deadline-per-try = ein Versuch bis zum Kopf der Antwort
deadline-total = der ganze Vorgang
deadline-queue = das Warten in der Schlange
deadline-drain = das Leerlaufen beim Beenden

## Grenzen

limit-target = die Länge des Anfrageziels
limit-head-bytes = die Größe des Kopfes
limit-field-count = die Zahl der Felder
limit-field-bytes = die Größe eines Feldes
limit-body-bytes = die Größe des Inhalts
limit-trailers = der Nachspann (Trailer)
limit-chunk-extensions = die Chunk-Erweiterungen
limit-interim-count = die Zahl der Zwischenantworten (1xx)

## Verletzte Regeln

malformation-bare-lf = eine Zeile endet mit LF ohne CR
malformation-bare-cr = auf ein CR folgt kein LF
malformation-nul = ein NUL-Byte
malformation-control-byte = ein Steuerzeichen
malformation-bad-method = die Methode fehlt oder ist kein Token
malformation-bad-target = das Anfrageziel fehlt oder hat eine Form, die nicht erlaubt ist
malformation-bad-version = die Version ist nicht als HTTP/x.y geschrieben
malformation-unknown-version = eine HTTP-Version, die hier nicht gesprochen wird
malformation-bad-status = der Status besteht nicht aus drei Ziffern von 100 bis 599
malformation-bad-status-line = die Statuszeile ist fehlerhaft
malformation-not-http = die ersten Bytes sind kein HTTP
malformation-tls-record = die ersten Bytes sind ein TLS-Record
malformation-bad-field-name = ein Feldname ist leer oder kein Token
malformation-no-colon = eine Feldzeile ohne Doppelpunkt
malformation-space-before-colon = Leerraum zwischen Feldname und Doppelpunkt
malformation-obs-fold = eine umbrochene Feldzeile
malformation-host-missing = Host fehlt
malformation-host-repeated = Host kommt mehrfach vor
malformation-bad-host = Host ist kein Rechnername mit möglichem Port
malformation-bad-length = Content-Length ist keine brauchbare Zahl
malformation-lengths-differ = mehrere Content-Length-Felder
malformation-length-and-coding = Content-Length zusammen mit Transfer-Encoding
malformation-bad-coding = Transfer-Encoding endet nicht mit genau einem „chunked“
malformation-unknown-coding = eine unbekannte Transfer-Codierung
malformation-coding-in-http10 = Transfer-Encoding in einer HTTP/1.0-Nachricht
malformation-framing-forbidden = ein Längenfeld an einer Stelle, an der keines stehen darf
malformation-bad-expectation = eine unbekannte Erwartung
malformation-bad-upgrade = ein Wechsel zu einem Protokoll, das nicht angeboten war
malformation-unsupported-method = eine Methode, die nicht befördert wird
malformation-bad-chunk-size = eine Chunk-Größe, die fehlt, nicht hexadezimal oder zu lang ist
malformation-bad-chunk-extension = eine fehlerhafte Chunk-Erweiterung
malformation-bad-chunk-end = auf die Chunk-Daten folgt kein CRLF
malformation-bad-trailer = ein Trailer-Feld, das die Grammatik verletzt
malformation-bad-proxy-header = der Kopf des PROXY-Protokolls fehlt oder ist fehlerhaft
malformation-bad-proxy-checksum = die Prüfsumme im Kopf des PROXY-Protokolls stimmt nicht
malformation-not-fastcgi = die ersten Bytes sind kein FastCGI-Record
malformation-bad-record = ein FastCGI-Record, der fehlerhaft ist oder hier nicht kommen darf
malformation-not-http2 = die ersten Bytes sind nicht die von HTTP/2
malformation-bad-frame = ein Frame oder eine Nachricht aus Frames, die die Regeln von HTTP/2 verletzt

## Was Besucher lesen, nach Status

visitor-400 = Die Anfrage war nicht zu verstehen
    .message = Was von Ihrem Browser oder Ihrer App hier ankam, war unvollständig oder ungültig und wurde deshalb nicht weitergegeben.
    .advice = Laden Sie die Seite neu oder beginnen Sie noch einmal auf der Startseite. Wenn Sie einem Link gefolgt sind, ist er vielleicht beschädigt.
visitor-401 = Bitte melden Sie sich an
    .message = Diese Seite ist nur für angemeldete Personen bestimmt.
    .advice = Melden Sie sich an und versuchen Sie es noch einmal.
visitor-403 = Hier haben Sie keinen Zugriff
    .message = Der Zugriff auf diese Adresse ist eingeschränkt.
    .advice = Wenn Sie meinen, Zugriff haben zu müssen, melden Sie sich bei uns und nennen Sie die Nummer unten.
visitor-404 = Hier ist nichts zu finden
    .message = Unter dieser Adresse gibt es keine Seite.
    .advice = Prüfen Sie die Adresse auf Tippfehler oder beginnen Sie auf der Startseite.
visitor-408 = Das hat zu lange gedauert
    .message = Ihre Anfrage ist nicht rechtzeitig vollständig angekommen. Meist liegt das an einer langsamen oder unterbrochenen Verbindung.
    .advice = Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.
visitor-413 = Das ist zu groß
    .message = Was Sie senden möchten, ist größer, als diese Website annimmt.
    .advice = Senden Sie eine kleinere Datei oder fragen Sie uns nach einem anderen Weg.
visitor-414 = Die Adresse ist zu lang
    .message = Die Adresse dieser Anfrage ist länger, als diese Website annimmt.
    .advice = Beginnen Sie noch einmal auf der Startseite. Wenn Sie ein Formular ausgefüllt haben, müssen wir es wohl ändern.
visitor-417 = Eine Erwartung lässt sich nicht erfüllen
    .message = Ihr Programm hat ein Verhalten verlangt, das diese Website nicht bietet.
    .advice = Schalten Sie das Feld „Expect“ ab und versuchen Sie es noch einmal.
visitor-421 = Das ist die falsche Tür
    .message = Ihre Anfrage kam über eine Verbindung, die zu einer anderen Website gehört.
    .advice = Laden Sie die Seite neu; Ihr Browser baut dann eine neue Verbindung auf.
visitor-425 = Ein wenig zu früh
    .message = Ihre Anfrage kam an, bevor die Verbindung vollständig gesichert war, und wurde deshalb nicht angenommen.
    .advice = Versuchen Sie es jetzt noch einmal.
visitor-429 = Zu viele Anfragen
    .message = Von Ihrem Anschluss kamen in kurzer Zeit mehr Anfragen, als diese Website annimmt.
    .advice = Warten Sie einen Augenblick und machen Sie dann weiter.
visitor-431 = Ihr Browser sendet zu viel mit
    .message = Die Cookies oder andere Angaben, die Ihr Browser mitsendet, sind größer, als diese Website annimmt.
    .advice = Löschen Sie in Ihrem Browser die Cookies dieser Website und melden Sie sich neu an.
visitor-500 = Bei uns ist etwas schiefgegangen
    .message = Es liegt nicht an Ihnen. Ein Fehler in unseren Systemen hindert uns daran zu antworten.
    .advice = Versuchen Sie es in einer Weile noch einmal. Wenn es so bleibt, melden Sie sich bei uns und nennen Sie die Nummer unten.
visitor-501 = Das geht hier nicht
    .message = Ihr Programm hat etwas verlangt, das diese Website nicht unterstützt.
    .advice = Wenn das in einem gewöhnlichen Browser geschieht, melden Sie sich bei uns und nennen Sie die Nummer unten.
visitor-502 = Die Website antwortet nicht richtig
    .message = Es liegt nicht an Ihnen; Ihr Gerät und Ihre Verbindung funktionieren. Unser Eingang arbeitet, hat aber von unserem eigenen Server keine brauchbare Antwort bekommen.
    .advice = Meist ist das nach wenigen Minuten vorbei. Der Cache und die Einstellungen Ihres Browsers haben nichts damit zu tun.
visitor-503 = Die Website ist gerade ausgelastet
    .message = Es liegt nicht an Ihnen. Im Augenblick wird von unseren Servern mehr verlangt, als sie leisten können, oder es wird an ihnen gearbeitet.
    .advice = Warten Sie ein wenig und versuchen Sie es dann noch einmal.
visitor-waiting = Sie stehen in der Warteschlange
    .message = Es wollen mehr Besucher herein, als Platz ist. Deshalb werden sie nacheinander eingelassen.
    .advice = Lassen Sie diese Seite geöffnet: Sie fragt von selbst nach und lässt Sie ein, sobald Sie an der Reihe sind. Wenn Sie sie schließen, bleibt Ihr Platz noch eine kurze Weile erhalten.
visitor-504 = Die Website braucht zu lange
    .message = Es liegt nicht an Ihnen; Ihr Gerät und Ihre Verbindung funktionieren. Unser Server hat nicht rechtzeitig geantwortet.
    .advice = Versuchen Sie es in ein paar Minuten noch einmal.
visitor-505 = Diese HTTP-Version wird hier nicht gesprochen
    .message = Ihr Programm spricht eine HTTP-Version, die diese Website nicht kennt.
    .advice = Verwenden Sie einen aktuellen Browser oder ein aktuelles Programm.
visitor-4xx = Diese Anfrage lässt sich nicht beantworten
    .message = Etwas an dieser Anfrage passt nicht zu dieser Website.
    .advice = Prüfen Sie die Adresse und versuchen Sie es noch einmal, oder beginnen Sie auf der Startseite.
visitor-5xx = Bei uns ist etwas schiefgegangen
    .message = Es liegt nicht an Ihnen. Unsere Systeme konnten die Anfrage nicht beantworten.
    .advice = Versuchen Sie es in einer Weile noch einmal. Wenn es so bleibt, melden Sie sich bei uns und nennen Sie die Nummer unten.

visitor-not-repeated = Was Sie abgeschickt haben, wurde nicht noch einmal gesendet, damit nichts doppelt geschieht. Es kann trotzdem angekommen sein: Sehen Sie zuerst nach, bevor Sie es erneut abschicken.
visitor-place = { $count ->
        [one] Sie sind als Nächstes an der Reihe.
       *[other] Ihr Platz in der Warteschlange: { $count }.
    }
visitor-place-soon = Es dauert keine zwei Minuten mehr.
visitor-place-minutes = Es dauert ungefähr { $count } Minuten.
visitor-wait = Bitte warten Sie mindestens { seconds }, bevor Sie es noch einmal versuchen.

## Teile der Seite

page-retry = Noch einmal versuchen
page-stop = Anhalten
page-waiting-before = Neuer Versuch von selbst in
page-waiting-after = s
page-paused = Angehalten, solange Sie nicht hier sind.
page-stopped = Es wird nicht mehr von selbst versucht.
page-quote = Bitte nennen Sie diese Nummer, wenn Sie sich bei uns melden:
page-details = Für den Betrieb
page-more = Weiteres
page-node-browser = Ihr Browser
page-node-gateway = Unser Eingang
page-node-server = Unser Server
page-picture-request = Die Anfrage Ihres Browsers hat unseren Eingang erreicht, wurde aber nicht an unseren Server weitergegeben.
page-picture-gateway = Ihr Browser hat unseren Eingang erreicht; dort liegt der Fehler.
page-picture-link = Ihr Browser hat unseren Eingang erreicht; die Verbindung von dort zu unserem Server ist gestört.
page-picture-slow = Ihr Browser hat unseren Eingang erreicht; die Antwort unseres Servers ist überfällig.
page-picture-server = Ihr Browser hat unseren Eingang erreicht; unser Server kann die Anfrage gerade nicht annehmen.

## Erkenntnisse

label-what-is-wrong = Was nicht stimmt
label-how-we-know = Woran wir es erkennen
findings-title = Erkenntnisse
findings-intro = Alle Fehler eines Aufbaus, die „torwart doctor“ finden kann, nach Bereichen. Die Kennungen bleiben, wie sie sind, und „torwart explain <id>“ zeigt dieselbe Seite.
findings-all = Alle Erkenntnisse
findings-overview-title = Alle Erkenntnisse, nach Bereichen
findings-overview-hint = „torwart explain <id>“ erklärt eine davon; „torwart explain“ zeigt die Ursachen einzelner Anfragen.
label-finding = Erkenntnis
label-severity = Schwere
label-role = Art
label-causes = Erklärt
finding-role-root = Grund: Wer ihn behebt, behebt die Störung
finding-role-symptom = Folge: Besser ist, was dahintersteckt
finding-severity-critical = kritisch: Anfragen scheitern
finding-severity-warning = Warnung: Anfragen scheitern manchmal oder demnächst
finding-severity-info = Hinweis: nichts ist falsch

## Der Bericht des Doktors

doctor-report = Bericht von torwart doctor
doctor-verdict-healthy = Gesund: { $url } funktioniert, und es fand sich kein Fehler
doctor-verdict-unclear = Was mit { $url } nicht stimmt, ließ sich nicht feststellen
doctor-healthy-more = Alles, was sich von hier aus prüfen ließ, ist, wie es sein soll.
doctor-unclear-more = Die Site funktioniert von hier aus nicht oder ließ sich nicht fragen, und nichts Gefundenes sagt, warum. Was unten als nicht geprüft steht, ist das Nächste, was Sie ansehen sollten.
doctor-severity-critical = Fehler
doctor-severity-warning = Schwachstelle
doctor-severity-info = Hinweis
doctor-hop-you = Sie
doctor-hop-dns = DNS
doctor-hop-gateway = Gateway
doctor-hop-path = Weg zum Upstream
doctor-hop-upstream = Upstream
doctor-hop-application = Anwendung
# Seiten über Wege und Ports sprechen vom Upstream. Wo die Site selbst nicht zu erreichen ist, treten diese Wörter an die Stelle.
doctor-front-words = Der Upstream=Das Gateway|der Upstream=das Gateway|Den Upstream=Das Gateway|den Upstream=das Gateway|Upstream=Gateway
doctor-broken-here = hier ist es unterbrochen
doctor-state-well = in Ordnung
doctor-state-doubtful = mit einer Warnung
doctor-state-broken = hier ist die Kette unterbrochen
doctor-state-unknown = nicht bekannt
doctor-asked = Gefragt nach
doctor-station = Station
doctor-place = Wo
doctor-confidence = Wie sicher
doctor-seen-from = Gesehen von
doctor-note = Hinweis
doctor-percent = { $number } %
doctor-also-seen = Außerdem gesehen
doctor-because-of = Folgt aus: { $title }
doctor-seen-well = Was zu sehen war
doctor-not-checked = Nicht geprüft, und wie es geht
doctor-late = Nicht rechtzeitig fertig: { $checks }. Eine längere `--deadline` erlaubt es.
doctor-checks = Prüfungen
doctor-more = Mehr dazu
doctor-more-products = Die genauen Einstellungen für { $products }:
doctor-effort = { $count ->
    [one] { $count } Prüfung in { $took }.
   *[other] { $count } Prüfungen in { $took }.
}
doctor-effort-cut = { $count ->
    [one] { $count } Prüfung in { $took }; der Lauf endete, bevor alles geprüft war.
   *[other] { $count } Prüfungen in { $took }; der Lauf endete, bevor alles geprüft war.
}
doctor-connections = { $count ->
    [one] { $count } Verbindung
   *[other] { $count } Verbindungen
}
doctor-requests = { $count ->
    [one] { $count } Anfrage
   *[other] { $count } Anfragen
}
doctor-contacts = Gefragt: { $contacts }.
doctor-merged = Gesehen von { $places }.
doctor-origin = Torwart { $version }, gesehen von { $place } um { $at }.
doctor-check-fine = in Ordnung
doctor-check-found = etwas gefunden
doctor-check-not-applicable = nichts zu prüfen
doctor-check-could-not = nicht feststellbar
doctor-check-skipped = ausgelassen
doctor-check-out-of-time = nicht rechtzeitig fertig

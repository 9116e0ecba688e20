# Was die Prüfungen von TLS sagen. en/doctor/tls.ftl enthält dieselben Schlüssel in derselben Reihenfolge.

tls-certificate-shown = { $address } zeigt auf die Frage nach { $name } ein Zertifikat für { $names }: Seriennummer { $serial }, gültig von { $from } bis { $until }, ausgestellt von „{ $issuer }“.
tls-certificate-shown-unasked = { $address } zeigt, ohne nach einem Namen gefragt zu sein, ein Zertifikat für { $names }: Seriennummer { $serial }, gültig von { $from } bis { $until }, ausgestellt von „{ $issuer }“.
tls-over-since = Es ist am { $moment } abgelaufen, vor { $days } Tagen.
tls-intermediate-over = Ein Zertifikat zwischen ihm und der Zertifizierungsstelle ist abgelaufen.
tls-begins-at = Es gilt erst ab { $moment }.
tls-name-expected = Erwartet wird { $name }; das Zertifikat gilt für { $names }.
tls-signed-by-itself = Es ist mit dem eigenen Schlüssel unterschrieben, von „{ $subject }“: Keine Zertifizierungsstelle bürgt dafür.
tls-issuer-not-sent = Gesendete Zertifikate: { $count }; das des Ausstellers „{ $issuer }“ fehlt.
tls-issuer-completes = Mit dem Zertifikat des Ausstellers aus anderer Quelle ist die Kette vollständig und vertrauenswürdig.
tls-issuer-unknown = Die Kette führt zu „{ $issuer }“, dem das Gateway nicht vertraut (Datei mit vertrauten Stellen: { $trust }).
tls-issuer-unknown-here = Die Kette führt zu „{ $issuer }“, dem dieser Rechner nicht vertraut.
tls-chain-length = Vom Server gesendete Zertifikate: { $count }.
tls-namesake = { $file } enthält eine Zertifizierungsstelle mit dem Namen „{ $issuer }“, aber mit einem anderen Schlüssel.
tls-predecessor-trusted = { $file } enthält ein früheres Zertifikat desselben Servers: Seriennummer { $serial }, gültig von { $from } bis { $until }.
tls-authority-over = Die Zertifizierungsstelle „{ $subject }“ in { $file } ist selbst am { $moment } abgelaufen.
tls-not-for-servers = Seine erweiterte Schlüsselverwendung erlaubt nur Clients, keine Server.
tls-weak = Zertifikat { $place } der Kette ist für heutige Clients zu schwach: { $what }.
tls-days-left = Das Zertifikat von { $address } gilt noch { $days } Tage.
tls-newer-on-disk = { $file } enthält schon ein neueres Zertifikat: Seriennummer { $serial }, gültig bis { $until }. Das Gateway hat es noch nicht gelesen.
tls-gateway-verifies = { $product } prüft das Zertifikat: { $written }
tls-gateway-verifies-not = { $product } prüft das Zertifikat nicht ({ $written }), deshalb hält das keine Anfrage auf.
tls-gateway-settings-unknown = Ob das Gateway sich daran stört, ist hier nicht bekannt: Seine Konfiguration wurde nicht angegeben.
tls-setting = In der Konfiguration von { $product }: { $written }
tls-site-works-still = Die Website funktioniert trotzdem: vielleicht über andere Upstreams oder über früher geöffnete Verbindungen.
tls-site-fails-upstream-answers = Die Website antwortet mit { $status }; der Upstream, direkt und ohne Blick auf sein Zertifikat gefragt, antwortet mit { $own }.
tls-trust-unreadable = Wem das Gateway vertraut, ließ sich nicht lesen: { $words }.
tls-alert-early = { $address } beendet den Handshake { $name ->
    [none] ohne Servernamen
   *[other] auf die Frage nach { $name }
} mit Alert { $number } ({ $called }).
tls-alert-late = { $address } beendet die Verbindung { $name ->
    [none] ohne Servernamen
   *[other] auf die Frage nach { $name }
} mit Alert { $number } ({ $called }), nachdem der Handshake schon gelungen schien.
tls-handshake-closed = { $address } schließt die Verbindung { $name ->
    [none] ohne Servernamen
   *[other] auf die Frage nach { $name }
} im Handshake, ohne einen Alert.
tls-handshake-reset = { $address } setzt die Verbindung { $name ->
    [none] ohne Servernamen
   *[other] auf die Frage nach { $name }
} im Handshake zurück.
tls-handshake-silent = { $address } nimmt die Verbindung an und antwortet { $name ->
    [none] ohne Servernamen
   *[other] auf die Frage nach { $name }
} im Handshake nicht.
tls-handshake-broken = Der Handshake mit { $address } scheitert { $name ->
    [none] ohne Servernamen
   *[other] bei der Frage nach { $name }
}: { $words }.
tls-handshake-took = Handshakes mit { $address } dauerten { $times }.
tls-chose-old = Auf ein altmodisches ClientHello antwortet { $address } mit { $version } und { $suite }.
tls-library-forbids = Das Gateway soll { $version } anbieten; seine TLS-Bibliothek kann es trotzdem verbieten (OpenSSL: `MinProtocol`, `@SECLEVEL`).
tls-upstream-speaks = { $address } spricht { $version }, aber nichts von dem, was das Gateway anbietet.
tls-spoke-instead = Statt TLS spricht { $address } { $protocol }: „{ $line }“.
tls-speaks-tls = { $address } nimmt TLS-Handshakes auf dem Port an, der unverschlüsselt gefragt wurde.
tls-plain-answered = Unverschlüsselt gefragt, antwortet { $address } mit { $status }.
tls-plain-refused = Unverschlüsselt gefragt, antwortet { $address } mit { $status } und verlangt TLS.
tls-plain-unanswered = Unverschlüsselt gefragt, gibt { $address } keine Antwort; ein TLS-Handshake gelingt.
tls-asks-certificate = { $address } verlangt ein Client-Zertifikat, ausgestellt von: { $authorities }.
tls-answer-wants-certificate = Der Handshake mit { $address } gelingt, die Antwort ist { $status } und verlangt ein Client-Zertifikat.
tls-client-certificate-is = Das eigene Zertifikat des Gateways in { $file } ist „{ $subject }“, ausgestellt von „{ $issuer }“, gültig bis { $until }.
tls-client-file-unreadable = Das Client-Zertifikat des Gateways { $file } lässt sich von hier aus nicht lesen.
tls-front-wants-certificate = { $address } lässt nur Besucher mit Client-Zertifikat zu, und es wurde keines angegeben.
tls-nothing-in-common = { $names } hat nichts mit { $ours } gemeinsam.
tls-clock-contradicted = Die Uhr dieses Rechners sagt { $own }, die anderen Rechner sagen { $others }: { $days } Tage auseinander.
tls-key-of-another = Der Schlüssel in { $key } gehört nicht zum Zertifikat in { $file }.
tls-key-unreadable = Den Schlüssel { $file } darf dieser Benutzer nicht lesen, er wurde deshalb nicht mit seinem Zertifikat verglichen.
tls-front-agreed = { $version }; das Zertifikat gilt bis { $until }.
tls-upstream-agreed = { $address }: { $version }, Handshake in { $millis } ms.

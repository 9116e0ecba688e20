# Warum ein Zertifikat nicht zu bekommen war, und was zu tun ist. en.ftl enthält dieselben Schlüssel.

unreachable-cause = Die CA { $host } lässt sich nicht fragen: { $cause } ({ $seen }). Ihre Namen und Ports müssen von hier erreichbar sein; mehr sagt „torwart explain { $cause }“.
unreachable = Die CA { $host } lässt sich nicht fragen: { $seen }.
not-offered = Die CA bietet für { $name } kein { $challenge } an. Wählen Sie unter [acme] eine andere challenge.
hook-start = Der Eintrag für { $name } ließ sich nicht setzen: { $program } startet nicht ({ $said }).
hook-status = Der Eintrag für { $name } ließ sich nicht setzen: { $program } endete mit Status { $status } und meldete: { $said }
hook-deadline = Der Eintrag für { $name } ließ sich nicht setzen: { $program } endete nicht innerhalb von { $deadline }.
store = { $file } lässt sich nicht schreiben: { $error }. Schaffen Sie Platz, oder geben Sie den Ordner dem Benutzer, unter dem Torwart läuft; vorher wird kein Zertifikat bestellt.
file = { $file } ist nicht verwendbar: { $said }.
undecided = Die CA hat zu lange für ihre Entscheidung gebraucht.
garbled = Was die CA sagt, ergibt keinen Sinn: { $said }.

cited = Die CA sagt: „{ $detail }“.
cited-name = Die CA sagt zu { $name }: „{ $detail }“.

refused-dns = Sie fand im DNS keinen brauchbaren Eintrag: Der Name muss zu diesem Rechner führen (A, AAAA) oder den Eintrag enthalten, den dns_hook setzt.
refused-connection = Sie konnte sich nicht mit der Adresse verbinden, zu der der Name führt: Port 80 (http-01) oder 443 (tls-alpn-01) muss von überall offen sein und zu Torwart führen; ein AAAA-Eintrag, der anderswohin führt, zählt zuerst.
refused-unauthorized = Sie kam zu einem Server, der den Nachweis nicht hatte: Führt der Name zu diesem Rechner, mit jeder seiner Adressen?
refused-incorrectResponse = Sie kam zu einem Server, der etwas anderes antwortete: Führt der Name zu diesem Rechner, mit jeder seiner Adressen?
refused-tls = Ihr TLS-Handshake schlug fehl: Was vor Torwart steht, muss TLS für tls-alpn-01 durchreichen; sonst nehmen Sie http-01.
refused-caa = Ein CAA-Eintrag im DNS verbietet dieser CA das Ausstellen: Tragen Sie sie dort ein, oder nehmen Sie eine andere CA.
refused-rateLimited = Ihr Kontingent ist erschöpft; der nächste Versuch wartet darauf. Zum Ausprobieren gibt es staging = true.
refused-rejectedIdentifier = Sie stellt für diesen Namen keine Zertifikate aus.
refused-unsupportedIdentifier = Sie stellt für Namen dieser Art keine Zertifikate aus.
refused-externalAccountRequired = Sie verlangt ein Konto, das Sie dort schon haben: Setzen Sie unter [acme] external_account.
refused-invalidContact = Sie nimmt die Adresse in email unter [acme] nicht an.
refused-userActionRequired = Sie möchte, dass Sie zuerst etwas tun; meist ist neuen Bedingungen zuzustimmen.
refused-accountDoesNotExist = Sie kennt unser Konto nicht mehr; ein neues wird angelegt.
refused-alreadyReplaced = Das Zertifikat hat schon jemand anders erneuert; dieses wird neu bestellt.
refused-invalidProfile = Sie hat das Profil nicht, das unter [acme] steht.
refused-badNonce = Sie hat die Folge unserer Anfragen nicht angenommen; das gibt sich von selbst.
refused-serverInternal = Sie hat selbst eine Störung; hier ist nichts falsch.
refused-other = Einen Grund, über den wir mehr wissen, nannte sie nicht.

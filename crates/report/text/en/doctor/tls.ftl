# What the checks of TLS say. de/doctor/tls.ftl holds the same keys in the same order.

tls-certificate-shown = { $address }, asked for { $name }, shows a certificate for { $names }: serial { $serial }, valid from { $from } until { $until }, issued by “{ $issuer }”.
tls-certificate-shown-unasked = { $address }, asked for no name, shows a certificate for { $names }: serial { $serial }, valid from { $from } until { $until }, issued by “{ $issuer }”.
tls-over-since = It ended at { $moment }, { $days } days ago.
tls-intermediate-over = A certificate between it and the authority has ended.
tls-begins-at = It begins only at { $moment }.
tls-name-expected = Expected is { $name }; the certificate is for { $names }.
tls-signed-by-itself = It is signed with its own key, by “{ $subject }”: no authority vouches for it.
tls-issuer-not-sent = { $count } certificates were sent; that of the issuer “{ $issuer }” is missing.
tls-issuer-completes = With the issuer's certificate, had from elsewhere, the chain is complete and trusted.
tls-issuer-unknown = The chain leads to “{ $issuer }”, which the gateway does not trust (trust file: { $trust }).
tls-issuer-unknown-here = The chain leads to “{ $issuer }”, which this machine does not trust.
tls-chain-length = The server sent { $count } certificates.
tls-namesake = { $file } holds an authority with the name “{ $issuer }”, but with another key.
tls-predecessor-trusted = { $file } holds an earlier certificate of the same server: serial { $serial }, valid from { $from } until { $until }.
tls-authority-over = The authority “{ $subject }” in { $file } itself ended at { $moment }.
tls-not-for-servers = Its extended key usage allows clients only, not servers.
tls-weak = Certificate { $place } of the chain is too weak for today's clients: { $what }.
tls-days-left = The certificate of { $address } is valid for { $days } more days.
tls-newer-on-disk = { $file } already holds a newer certificate: serial { $serial }, valid until { $until }. The gateway has not read it yet.
tls-gateway-verifies = { $product } verifies the certificate: { $written }
tls-gateway-verifies-not = { $product } does not verify the certificate ({ $written }), so this stops no request.
tls-gateway-settings-unknown = Whether the gateway minds is not known here: its configuration was not given.
tls-setting = In the configuration of { $product }: { $written }
tls-site-works-still = The site works all the same: perhaps over other upstreams, or over connections made earlier.
tls-site-fails-upstream-answers = The site answers { $status }, while the upstream, asked directly without looking at its certificate, answers { $own }.
tls-trust-unreadable = Whom the gateway trusts could not be read: { $words }.
tls-alert-early = { $address }, { $name ->
    [none] asked without a name
   *[other] asked for { $name }
}, ends the handshake with alert { $number } ({ $called }).
tls-alert-late = { $address }, { $name ->
    [none] asked without a name
   *[other] asked for { $name }
}, ends the connection with alert { $number } ({ $called }) after the handshake seemed to be done.
tls-handshake-closed = { $address }, { $name ->
    [none] asked without a name
   *[other] asked for { $name }
}, closes the connection in the handshake, without an alert.
tls-handshake-reset = { $address }, { $name ->
    [none] asked without a name
   *[other] asked for { $name }
}, resets the connection in the handshake.
tls-handshake-silent = { $address }, { $name ->
    [none] asked without a name
   *[other] asked for { $name }
}, takes the connection and does not answer in the handshake.
tls-handshake-broken = The handshake with { $address }, { $name ->
    [none] asked without a name
   *[other] asked for { $name }
}, fails: { $words }.
tls-handshake-took = Handshakes with { $address } took { $times }.
tls-chose-old = An old hello was answered by { $address } with { $version } and { $suite }.
tls-library-forbids = The gateway is told to offer { $version }; its TLS library may forbid it all the same (OpenSSL: `MinProtocol`, `@SECLEVEL`).
tls-upstream-speaks = { $address } speaks { $version }, and nothing that the gateway offers.
tls-spoke-instead = Instead of TLS, { $address } speaks { $protocol }: “{ $line }”.
tls-speaks-tls = { $address } takes TLS handshakes on the port that was asked in plain HTTP.
tls-plain-answered = Asked in plain HTTP, { $address } answers { $status }.
tls-plain-refused = Asked in plain HTTP, { $address } answers { $status } and says that it wants TLS.
tls-plain-unanswered = Asked in plain HTTP, { $address } gives no answer; a TLS handshake comes about.
tls-asks-certificate = { $address } asks for a client certificate issued by: { $authorities }.
tls-answer-wants-certificate = The handshake with { $address } comes about, the answer is { $status } and asks for a client certificate.
tls-client-certificate-is = The gateway's own certificate in { $file } is “{ $subject }”, issued by “{ $issuer }”, valid until { $until }.
tls-client-file-unreadable = The gateway's client certificate { $file } cannot be read from here.
tls-front-wants-certificate = { $address } admits only visitors with a client certificate, and none was given.
tls-nothing-in-common = { $names } has nothing in common with { $ours }.
tls-clock-contradicted = This machine's clock says { $own }, the other machines say { $others }: { $days } days apart.
tls-key-of-another = The key in { $key } does not belong to the certificate in { $file }.
tls-key-unreadable = The key { $file } may not be read by this user, so it was not compared with its certificate.
tls-front-agreed = { $version }; the certificate is valid until { $until }.
tls-upstream-agreed = { $address }: { $version }, handshake in { $millis } ms.

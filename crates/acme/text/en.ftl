# Why a certificate could not be had, and what to do. de.ftl holds the same keys.

unreachable-cause = The CA { $host } cannot be asked: { $cause } ({ $seen }). Its names and ports must be open from here; "torwart explain { $cause }" says more.
unreachable = The CA { $host } cannot be asked: { $seen }.
not-offered = The CA offers no { $challenge } for { $name }. Choose another challenge under [acme].
hook-start = The record for { $name } could not be set: { $program } does not start ({ $said }).
hook-status = The record for { $name } could not be set: { $program } ended with status { $status } and said: { $said }
hook-deadline = The record for { $name } could not be set: { $program } did not end within { $deadline }.
store = { $file } cannot be written: { $error }. Make room, or give the folder to the user Torwart runs as; no certificate is ordered before.
file = { $file } cannot be used: { $said }.
undecided = The CA took too long to decide.
garbled = What the CA says makes no sense: { $said }.

cited = The CA says: “{ $detail }”.
cited-name = The CA says about { $name }: “{ $detail }”.

refused-dns = It found no usable record in DNS: the name must lead to this host (A, AAAA), or hold the record that dns_hook sets.
refused-connection = It could not connect to the address the name leads to: port 80 (http-01) or 443 (tls-alpn-01) must be open from everywhere and lead to Torwart; an AAAA record that leads elsewhere counts first.
refused-unauthorized = It came to a server that did not have the proof: does the name lead to this host, on every address it has?
refused-incorrectResponse = It came to a server that answered something else: does the name lead to this host, on every address it has?
refused-tls = Its TLS handshake failed: whatever stands before Torwart must pass TLS through for tls-alpn-01; else use http-01.
refused-caa = A CAA record in DNS forbids this CA to issue: add it there, or use another CA.
refused-rateLimited = Its limit is reached; the next attempt waits for it. Try out with staging = true.
refused-rejectedIdentifier = It gives no certificates for this name.
refused-unsupportedIdentifier = It gives no certificates for names of this kind.
refused-externalAccountRequired = It wants an account you already have there: set external_account under [acme].
refused-invalidContact = It does not accept the address in email under [acme].
refused-userActionRequired = It wants you to do something first, most often to agree to new terms.
refused-accountDoesNotExist = It does not know our account any more; a new one is made.
refused-alreadyReplaced = The certificate was renewed already by somebody else; this one is ordered anew.
refused-invalidProfile = It does not have the profile named under [acme].
refused-badNonce = It did not accept the order of our requests; this goes by itself.
refused-serverInternal = It has a fault of its own; nothing is wrong here.
refused-other = It gave no reason we know more about.

# What other gateways' log lines say, in our words ($upstream: the server behind, as the line names it).
gateway-said-refused = { $upstream } refused the connection: nothing listens there, or a filter rejects it.
gateway-said-unroutable = There is no route to { $upstream }, or the host does not answer on its network.
gateway-said-connect-timeout = { $upstream } did not take the connection before the deadline.
gateway-said-socket-missing = The unix socket { $upstream } does not exist.
gateway-said-queue-full = { $upstream } takes no more connections: its accept queue is full.
gateway-said-connect-forbidden = This host forbids the connection to { $upstream } (permissions, SELinux or a local filter).
gateway-said-connect-failed = The connection to { $upstream } failed.
gateway-said-resources-spent = The gateway's host ran out of descriptors, source ports, memory or disk space.
gateway-said-tls-alert = { $upstream } ended the TLS handshake with alert { $alert }.
gateway-said-certificate = The certificate of { $upstream } was not accepted: { $fault ->
    [expired] it has expired.
    [notyetvalid] it is not valid yet.
    [wrongname] it is for another name.
    [revoked] it is revoked.
    [unusable] it is not meant for this use.
   *[untrusted] no trusted authority has signed it.
}
gateway-said-not-tls = { $upstream } does not speak TLS on this port.
gateway-said-handshake-timeout = { $upstream } did not finish the TLS handshake before the deadline.
gateway-said-handshake-failed = The TLS handshake with { $upstream } failed.
gateway-said-stream-refused = { $upstream } refused the HTTP/2 stream before working on it.
gateway-said-stream-reset = { $upstream } reset the HTTP/2 stream.
gateway-said-name-unknown = The name { $upstream } does not exist.
gateway-said-name-timeout = No name server answered for { $upstream } before the deadline.
gateway-said-name-server = No address for { $upstream } came from the name servers.
gateway-said-send-timeout = { $upstream } took no more of the request before the deadline.
gateway-said-send-cut = { $upstream } closed the connection while the request was being sent.
gateway-said-head-timeout = { $upstream } took the request but did not begin its answer before the deadline.
gateway-said-head-too-large = The head of the answer from { $upstream } is larger than the gateway's buffer.
gateway-said-not-http = What { $upstream } answered is not HTTP, or not the protocol the gateway expects there.
gateway-said-head-broken = The head of the answer from { $upstream } breaks the grammar of HTTP ({ $rule }).
gateway-said-reset-before-head = { $upstream } reset the connection instead of answering.
gateway-said-closed-before-head = { $upstream } closed the connection instead of answering.
gateway-said-body-stalled = { $upstream } stopped in the middle of its answer.
gateway-said-body-broken = The body of the answer from { $upstream } is broken ({ $rule }).
gateway-said-body-cut = { $upstream } closed the connection in the middle of its answer.
gateway-said-all-down = The gateway holds every server of this group to be down.
gateway-said-server-down = The gateway takes { $upstream } out: { $why }.
gateway-said-server-up = The gateway uses { $upstream } again.
gateway-said-server-left-out = After failures the gateway leaves { $upstream } out for a while.
gateway-said-denied = A rule of the gateway forbids the request.
gateway-said-rate-limited = The gateway refused the request: too many of them.
gateway-said-no-route = No route of the gateway fits the request.
gateway-said-full = The gateway has no free worker or place for the request.
gateway-said-queue-timeout = The request waited too long for a free server.
gateway-said-draining = The gateway ended the exchange because it, or the server, was being taken out of service.
gateway-said-misconfigured = The gateway's configuration cannot serve this request.
gateway-said-bug = The gateway's own check of itself failed: a bug in it.
gateway-said-client-left = The client left before the answer was there.
gateway-said-client-gone = The client's connection broke while the answer was being sent.
gateway-said-client-slow = The client sent or took nothing until the deadline.
gateway-said-client-handshake = The TLS handshake with the client failed: no request was seen.
gateway-said-client-head = The client's request could not be read.
gateway-said-client-body = The client's request body could not be read.
gateway-said-request-too-large = The client's request is larger than the gateway allows.
gateway-said-host-not-found-at-start = The gateway did not start: a name in its configuration has no address.
gateway-said-application-wrote = The application wrote to its error output: { $words }
gateway-said-more-than-length = { $upstream } sent more bytes than it had announced; the rest was dropped.
gateway-said-length-and-coding = { $upstream } sent Content-Length and Transfer-Encoding together.
gateway-said-auth-request = The subrequest that asks for permission failed, so the request did too.
gateway-said-buffered-to-file = The gateway wrote the body to a temporary file: it did not fit into its buffers.
gateway-said-delayed = The gateway delayed the request to keep to a rate.
gateway-said-site-shadowed = Two sites have the same name: the second is never reached.

# HAProxy's termination states: the first two letters together.
gateway-haproxy-normal = Both sides closed with nothing left to send: a normal end.
gateway-haproxy-client-left-connecting = The client left while HAProxy was connecting to the server.
gateway-haproxy-client-left-data = The client broke the connection off during the transfer.
gateway-haproxy-client-stalled-data = The client neither sent nor acknowledged anything until "timeout client".
gateway-haproxy-client-left-waiting = The client left while waiting for the server's answer to begin.
gateway-haproxy-client-stalled-body = The client stopped sending its request body until "timeout client".
gateway-haproxy-client-left-queue = The client left while the request was queued for a free server.
gateway-haproxy-client-left-request = The client left before its request was complete.
gateway-haproxy-client-slow-request = The request was not complete before "timeout http-request".
gateway-haproxy-client-left-tarpit = The client left while it was held in the tarpit.
gateway-haproxy-redirected = HAProxy redirected the request itself ("redir" on the server line); no server was asked.
gateway-haproxy-answered-itself = HAProxy answered the request itself; no server was asked.
gateway-haproxy-answer-replaced = HAProxy put an answer of its own in the place of the server's.
gateway-haproxy-server-refused = The connection to the server failed at once: refused, no route, a failed TLS handshake, or no server was left.
gateway-haproxy-connect-timeout = The connection to the server did not stand before "timeout connect".
gateway-haproxy-server-cut-data = The server's connection broke in the middle of the answer.
gateway-haproxy-server-stalled-data = The server neither sent nor acknowledged anything until "timeout server", in the middle of the answer.
gateway-haproxy-server-cut-head = The server closed or reset the connection before its answer's head was complete.
gateway-haproxy-server-head-timeout = The server did not begin its answer before "timeout server".
gateway-haproxy-queue-timeout = The request waited in the queue until "timeout queue": all servers were at their "maxconn".
gateway-haproxy-socket-limit = HAProxy had reached its own limit of sockets ("maxconn", "ulimit-n") and made no connection.
gateway-haproxy-chunk-blocked = HAProxy stopped the transfer: the chunked coding was broken.
gateway-haproxy-answer-blocked = HAProxy refused the server's answer: invalid, incomplete, too large, or forbidden by a rule.
gateway-haproxy-request-blocked = HAProxy refused the client's request: invalid, or denied by a rule.
gateway-haproxy-tarpitted = A rule held the request in the tarpit and then refused it.
gateway-haproxy-resource-spent = HAProxy's host had no memory, socket or source port left for a connection to the server.

# HAProxy's termination states: the letters alone, for pairs that have no sentence of their own.
gateway-haproxy-who-client = The client ended it.
gateway-haproxy-who-server = The server ended it, or refused it.
gateway-haproxy-who-proxy = HAProxy ended it, by a rule, a limit or a check.
gateway-haproxy-who-local = HAProxy handled it itself.
gateway-haproxy-who-resource = A resource of HAProxy's host was used up.
gateway-haproxy-who-internal = HAProxy's check of itself failed: a bug in HAProxy.
gateway-haproxy-who-down = HAProxy ended it because the server was found to be down.
gateway-haproxy-who-up = HAProxy ended it on a backup server because a regular one was up again.
gateway-haproxy-who-admin = An administrator ended it.
gateway-haproxy-who-client-timeout = The client was silent until its time was up.
gateway-haproxy-who-server-timeout = The server was silent until its time was up.
gateway-haproxy-phase-request = It happened while the request was being awaited.
gateway-haproxy-phase-queue = It happened while the request was in the queue.
gateway-haproxy-phase-connect = It happened while the connection to the server was being made.
gateway-haproxy-phase-head = It happened while the head of the answer was being awaited.
gateway-haproxy-phase-data = It happened during the transfer.
gateway-haproxy-phase-last = It happened while the last bytes went to the client; the server had finished.
gateway-haproxy-phase-tarpit = It happened in the tarpit.

# HAProxy's termination states: the cookie that keeps a client at its server.
gateway-haproxy-cookie-none = The client sent no cookie for a server.
gateway-haproxy-cookie-invalid = The client's cookie names no known server.
gateway-haproxy-cookie-down = The client's cookie names a server that was down.
gateway-haproxy-cookie-valid = The client's cookie was valid, and its server was used.
gateway-haproxy-cookie-expired = The client's cookie had not been used for too long ("maxidle").
gateway-haproxy-cookie-old = The client's cookie was too old ("maxlife").
gateway-haproxy-cookie-unused = The client's cookie was not used: a rule chose the server.
gateway-haproxy-set-none = The server set no cookie, and HAProxy added none.
gateway-haproxy-set-inserted = HAProxy added a cookie.
gateway-haproxy-set-updated = HAProxy renewed the date in the cookie.
gateway-haproxy-set-provided = The server set a cookie, and it was passed on as it was.
gateway-haproxy-set-rewritten = HAProxy rewrote the server's cookie.
gateway-haproxy-set-deleted = HAProxy removed the server's cookie.

# What the checks of the gateway's configuration, processes and logs say.

gateway-config-read = { $product }: { $files ->
    [one] one configuration file
   *[other] { $files } configuration files
} read, beginning with { $file }.
gateway-unreadable = { $file } could not be read: { $why }.
gateway-note-syntax = The configuration would be refused: { $what }
gateway-note-unknown_pool = The configuration names { $name }, which is not defined anywhere.
gateway-note-include_matches_nothing = { $pattern } is to be included, and there is no such file.
gateway-note-buffer_conflict = The sizes of buffers contradict each other: { $what }
gateway-note-resolver_missing = { $name } is to be looked up while running, and no resolver is configured.
gateway-note-switch_missing = { $needed_by } needs { $directive }, which is not there.
gateway-note-worker_shared = The entry for { $target } at { $first } made the connection already; these settings are ignored here: { $ignored }
gateway-note-empty_pool = The group { $name } holds no upstream.
gateway-note-undefined_variable = The variable { $name } is used and not defined.
gateway-note-keep_alive_unused = The group { $pool } is to keep idle connections, but each is closed after its request because of: { $because }
gateway-note-upgrade_always = “Connection: upgrade” is sent with every request, not only with those that ask for an upgrade.
gateway-note-deadline_missing = { $directive } is not set in { $section }: such a wait may last for ever.
gateway-note-check_without_host = The health check of { $pool } does not say which host it means; many applications refuse that.
gateway-note-site_shadowed = { $name } is served twice on { $address }; the one at { $first } wins, this one is never reached.
gateway-note-without_effect = { $directive } has no effect here: { $because }
gateway-note-include_loop = { $file } includes itself.
gateway-names-at-start = { $name } is looked up when the gateway is started or reloaded, and never again: { $written }
gateway-unsafe-retry = Requests that must not be repeated are repeated too: { $written }
gateway-not-running = No process of { $product } runs here and nothing listens on port { $port }; its configuration lies in { $file }.
gateway-not-listening = { $product } runs (process { $pid }), but nothing listens on port { $port }. By its configuration it listens on: { $listens }.
gateway-reload-pending = { $file } was changed { $minutes } min after { $product } last read its configuration.
gateway-log-read = { $files ->
    [one] One log file
   *[other] { $files } log files
} read; kinds of trouble in their tails: { $troubles }.
gateway-log-unreadable = The log { $file } could not be read: { $why }.
gateway-log-elsewhere = The gateway writes its log to no file: { $target }
gateway-log-counted = The log: { $what }, upstream { $upstream }. In the last hour: { $hour }; in the last day: { $day }; first { $first } ago, last { $last } ago. The last line:
gateway-log-silent = Visitors get { $status }, and { $file } tells of no failure in the last two minutes.

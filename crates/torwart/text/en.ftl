# Sentences of the command line, English. de.ftl holds the same keys in the same order.

error = error
hint = hint
or = or
days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
panic = panicked at { $place }: { $message } (this is a bug in Torwart, please report it)
file-unreadable = cannot read { $file }: { $error }

## Help

heading-usage = Usage:
heading-commands = Commands:
heading-arguments = Arguments:
heading-options = Options:
option-help = Show this help
option-version = Show the version
option-lang = The language, English or German; otherwise as LC_ALL, LC_MESSAGES or LANG say
option-format = The form of the output; `text` is for people

torwart-about = Torwart, the HTTP gateway that names every failure
torwart-usage = torwart COMMAND [OPTIONS]
torwart-more =
    Examples:
      torwart demo                                  see it work, nothing else needed
      torwart serve --to http://127.0.0.1:3000      put it in front of a server
      torwart check torwart.toml                    whether a configuration works here and now
      torwart doctor https://shop.example           why a site does not work, behind whatever gateway
      torwart explain head_timed_out                what a cause means and what to do

    Exit codes: 0 all well, 1 a fault was found, 2 the command line is wrong, 3 could not run.
    Every command explains itself: torwart COMMAND --help

serve-about = Run the gateway until it is stopped
serve-usage = torwart serve --to URL [--to URL]... [OPTIONS]
      torwart serve --config FILE
serve-to = Where requests are forwarded to: http://…, https://… or unix:/path; several times for several upstreams
    .value = URL
serve-listen = Where clients connect: 127.0.0.1:8080 (as by default), 8080 for this machine alone, :8080 for every address, or unix:/path
    .value = ADDRESS
serve-workers = How many threads serve; otherwise one per core
    .value = NUMBER
serve-admin = Where metrics, health and failed exchanges are shown: 127.0.0.1:9180 unless said otherwise, or `off`
    .value = ADDRESS|off
serve-log = The access log: lines for people (as by default), for programs, or none
    .value = json|human|off
serve-access-log = Write the access log into this file, as JSON unless --log says otherwise
    .value = FILE
serve-user = Become this user once the sockets are open; only root can
    .value = NAME
serve-config = Do what this file says; it is read again when it changes
    .value = FILE
serve-more =
    Examples:
      torwart serve --to http://127.0.0.1:3000
      torwart serve --listen :8080 --to http://10.0.0.11:3000 --to http://10.0.0.12:3000
      torwart serve --config /etc/torwart/torwart.toml

    Signals: SIGHUP reads the file again, SIGTERM and SIGINT (Ctrl-C) let running exchanges end
    and then stop, a second one stops at once, SIGUSR1 opens the access log anew.
    Exit codes: 0 stopped as asked, 1 the file has a fault, 2 the command line is wrong, 3 could not run.

check-about = Check a configuration, and whether it would work here and now
check-usage = torwart check FILE [OPTIONS]
      torwart check --schema
check-file = The configuration file
    .value = FILE
check-offline = Do not dial the upstreams
check-timeout = How long each step of dialling may take at most: 10s unless said otherwise
    .value = DURATION
check-schema = Print the JSON Schema of the configuration file, for editors
check-more =
    Shows every complaint about the file at once, reads all files it names, dials every upstream
    and asks it for HEAD /, compares certificates, and prints the ladder of deadlines.

    Examples:
      torwart check torwart.toml
      torwart check torwart.toml --offline --format json
      torwart check --schema > torwart.schema.json

    Exit codes: 0 all well (there may be warnings), 1 a fault was found, 2 the command line is wrong, 3 could not run.

doctor-about = Find out why a site does not work: the cause, the proof, the line to change
doctor-usage = torwart doctor URL [OPTIONS]
      torwart doctor --schema
doctor-url = The page that does not work; without a scheme it is https
    .value = URL
doctor-upstream = A server behind the gateway: host:port, http://…, https://…, fastcgi://… or unix:/path, as the gateway's configuration has it; several times for several
    .value = ADDRESS
doctor-config = The gateway's own configuration (nginx, HAProxy, Apache, Caddy, Traefik); on the gateway's host it is found by itself
    .value = FILE
doctor-log = A log of the gateway; several times for several
    .value = FILE
doctor-resolver = Ask this name server too
    .value = IP
doctor-control = Compare with this place, which should work whatever the site does (up to 3); none: with nothing at all
    .value = URL|HOST[:PORT]
doctor-deep = Take the time for what takes long, such as measuring when idle connections are closed
doctor-deadline = How long the whole may take: 30s unless said otherwise, 2m30s with --deep
    .value = DURATION
doctor-skip = Leave out this check, or several with commas between them
    .value = NAME
doctor-follow-up = Merge what a run at another place has seen: its report with --format json
    .value = FILE
doctor-resolve = Use this address for host and port, as for curl
    .value = HOST:PORT:ADDR
doctor-connect-to = Connect to another host and port, as for curl
    .value = HOST1:PORT1:HOST2:PORT2
doctor-cacert = Trust these authorities for the site's certificate instead of the system's
    .value = FILE
doctor-cert = A certificate to show to the site
    .value = FILE
doctor-key = Its key
    .value = FILE
doctor-insecure = Take any certificate of the site
doctor-ipv4 = Only IPv4
doctor-ipv6 = Only IPv6
doctor-header = A field to add to requests, as `Name: value`
    .value = FIELD
doctor-request = The method of requests: GET unless said otherwise, or another that changes nothing
    .value = METHOD
doctor-short = One line with the verdict
doctor-schema = Print the JSON Schema of the report with --format json
doctor-more =
    Asks like a visitor, like the gateway, and where it can like the upstream, and names the first place
    where they differ. Nothing is changed anywhere; no host gets more than 60 connections and 200 requests.
    Works without privileges; on the gateway's host it reads configuration and logs, as root it sees more.
    The report goes to standard output (--format html makes a file for others), progress to standard error.

    Examples:
      torwart doctor https://shop.example
      torwart doctor https://shop.example --upstream 10.0.0.11:3000
      torwart doctor shop.example -c /etc/nginx/nginx.conf --log /var/log/nginx/error.log
      torwart doctor shop.example --format json > gateway.json
      torwart doctor shop.example --follow-up gateway.json --format html > report.html

    Variables: http_proxy, https_proxy, all_proxy, no_proxy, SSL_CERT_FILE are honoured and reported.
    Ctrl-C shows what was found so far.
    Exit codes: 0 healthy, 1 a fault was found, 2 the command line is wrong, 3 could not tell.

explain-about = Explain a cause, a finding, or what happened to one request
explain-usage = torwart explain [CAUSE | FINDING | REQUEST ID | STATUS] [OPTIONS]
explain-what = A cause such as head_timed_out, a finding such as connect.refused_nothing_listens, a request id such as bakim-toruf-zalan, a status such as 502; nothing shows all causes
    .value = WHAT
explain-admin = Where the gateway's admin address is, for request ids: 127.0.0.1:9180 unless said otherwise
    .value = ADDRESS
explain-findings = All findings of the doctor
explain-product = For a finding: only what to do with this product
    .value = PRODUCT
explain-more =
    Examples:
      torwart explain                               all causes
      torwart explain connect_refused               what happened, how to tell, what to do
      torwart explain --findings                    all findings of the doctor
      torwart explain keepalive.mismatch --product nginx
      torwart explain 502                           the causes that lead to this status
      torwart explain bakim-toruf-zalan             what happened to this request

    Exit codes: 0 explained, 1 the gateway does not know the request, 2 there is no such thing,
    3 the gateway cannot be asked.

lab-about = Run upstreams that misbehave, to test any gateway with
lab-usage = torwart lab [OPTIONS]
lab-listen = The first port of the lab, 127.0.0.1:9181 unless said otherwise; further ones follow it, port 0 takes free ones
    .value = ADDRESS
lab-tls-listen = The port with TLS, otherwise the one after the first
    .value = ADDRESS
lab-list = List all faults and end
lab-more =
    Faults that show after a request have a path, /fault/NAME; those that show earlier have a port
    of their own; faults of names are asked of the lab's name server.

    Examples:
      torwart lab --list
      torwart lab
      curl -v http://127.0.0.1:9181/fault/head-cut

    Exit codes: 0 ended as asked, 2 the command line is wrong, 3 could not run.

demo-about = See it work: a gateway with three sample shops, one of which misbehaves
demo-usage = torwart demo [OPTIONS]
demo-listen = Where the gateway listens: 127.0.0.1:8080 unless said otherwise; a free port if that one is taken
    .value = ADDRESS
demo-for = End by itself after this time, such as 30s
    .value = DURATION
demo-more =
    Examples:
      torwart demo
      torwart demo --for 30s

    Ctrl-C ends it. Exit codes: 0 ended as asked, 2 the command line is wrong, 3 could not run.

upstreams-about = Show the upstreams of the running gateway, and change which of them are used
upstreams-usage = torwart upstreams [list] [OPTIONS]
      torwart upstreams drain|undrain|add|remove POOL UPSTREAM [OPTIONS]
upstreams-what = What to do, with which pool and which upstream; without anything all of them are listed
    .value = WHAT
upstreams-admin = Where the gateway's admin address is: 127.0.0.1:9180 unless said otherwise
    .value = ADDRESS
upstreams-more =
    A drained upstream gets no new requests, and running ones end. What is changed here holds until it is undone or the
    gateway is restarted, also across reloads and upgrades; what shall stay belongs into the configuration. The token, where
    one is needed, is read from $TORWART_ADMIN_TOKEN.

    Examples:
      torwart upstreams
      torwart upstreams drain shop http://10.0.0.11:3000
      torwart upstreams undrain shop http://10.0.0.11:3000
      torwart upstreams add shop http://10.0.0.13:3000

    Exit codes: 0 done, 1 refused, 2 the command line is wrong, 3 cannot be asked.

purge-about = Let the running gateway give up answers that its cache keeps
purge-usage = torwart purge URL [OPTIONS]
      torwart purge --prefix URL | --tag TAG | --all [OPTIONS]
purge-url = The address, with scheme or without: shop.example/sale
    .value = URL
purge-prefix = All addresses that begin so
    .value = URL
purge-tag = All answers that have this tag in Surrogate-Key or Cache-Tag
    .value = TAG
purge-all = Everything
purge-admin = Where the gateway's admin address is: 127.0.0.1:9180 unless said otherwise
    .value = ADDRESS
purge-more =
    What is purged is gone at once, also for answers that are under way. The token, where one is needed, is read from
    $TORWART_ADMIN_TOKEN.

    Examples:
      torwart purge https://shop.example/sale
      torwart purge --prefix shop.example/images/
      torwart purge --tag product-17

    Exit codes: 0 done, 1 refused, 2 the command line is wrong, 3 cannot be asked.

upgrade-about = Let a new process of the program and the configuration on disk take over from the running gateway
upgrade-usage = torwart upgrade [OPTIONS]
upgrade-admin = Where the gateway's admin address is: 127.0.0.1:9180 unless said otherwise
    .value = ADDRESS
upgrade-more =
    The running gateway starts the new process itself, with the arguments it was started with, and hands it every socket it
    listens on. Once the new one serves, the old one lets its requests end; no connection is refused or cut. If the new one
    does not get ready, everything stays as it is, and the reason is told. The signal SIGUSR2 does the same.

    Examples:
      torwart upgrade
      torwart upgrade --admin 127.0.0.1:9181

    Exit codes: 0 taken over, 1 not done, the old one goes on, 2 the command line is wrong, 3 cannot be asked.

health-about = Ask the running gateway whether it is ready
health-usage = torwart health [OPTIONS]
health-admin = Where the gateway's admin address is: 127.0.0.1:9180 unless said otherwise
    .value = ADDRESS
health-more =
    For the health check of a container, and for scripts.

    Examples:
      torwart health
      torwart health --admin 127.0.0.1:9181 && echo ready

    Exit codes: 0 ready, 1 running and not ready, 2 the command line is wrong, 3 cannot be asked.

manual-about = Write manual pages and completions for shells
manual-usage = torwart manual FOLDER
manual-more =
    Exit codes: 0 written, 2 the command line is wrong, 3 could not run.

## Wrong command lines

wrong-unknown-option = there is no option `{ $option }` here
wrong-unknown-command = there is no command `{ $command }`
wrong-value-missing = `{ $option }` needs a value
wrong-value = `{ $option }` does not know `{ $value }`
wrong-value-because = `{ $option } { $value }`: { $why }
wrong-twice = `{ $option }` can be said only once
wrong-together = `{ $option }` and `{ $other }` do not go together
wrong-missing = { $option } is missing
wrong-no-command = the command is missing
wrong-not-text = an argument is not valid text (UTF-8)
wrong-count = `{ $option }` has the wrong number of values
wrong-near = did you mean { $near }?
wrong-possible = possible are: { $values }
wrong-see-help = add --help to see what can be said here
value-address = this needs an IP address with a port, such as 127.0.0.1:8080, or a port
value-socket-path = the path of the unix socket is missing, as in unix:/run/torwart.sock
value-duration = this needs a time, such as 30s, 1m30s or 500ms
value-duration-unit = this needs a unit, such as { $value }s or { $value }ms

## What keeps it from starting

trouble-taken = cannot listen on { $address }: somebody else listens there
trouble-taken-hint = `ss -ltnp 'sport = :{ $port }'` shows who; or choose another port
trouble-privileged = cannot listen on { $address }: ports below 1024 need a privilege
trouble-privileged-hint = choose a port such as 8080, or grant it: `sudo setcap cap_net_bind_service=+ep "$(command -v torwart)"`; under systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE
trouble-not-ours = cannot listen on { $address }: this machine does not have this address
trouble-not-ours-hint = `ip -brief address` shows those it has; port { $port } on all of them is 0.0.0.0:{ $port }
trouble-listen = cannot listen on { $address }: { $error }
trouble-log = cannot open the access log { $path }: { $error }
trouble-log-hint = the folder must exist, and this user must be allowed to write there
trouble-user-unknown = there is no user or group { $user } on this machine
trouble-user-unknown-hint = `useradd --system { $user }` makes one; in a container a number serves as well, such as 65532
trouble-user-refused = cannot become { $user }: { $error }
trouble-user-refused-hint = only root can become another user: start it as root, or as { $user } and leave the key out
trouble-user-file-hint = the configuration, certificates and keys must be readable for the user the process becomes, or nothing could be reloaded
trouble-secret-file = the token in { $file } cannot be read: { $error }
trouble-secret-unset = the admin address can be reached from other machines and needs a token, but the variable { $name } is not set
trouble-secret-unfit = the token from { $place } is too short or holds characters that cannot be sent
trouble-secret-hint = at least 16 letters, digits and signs without blanks, for example from `openssl rand -hex 24`
trouble-system = the system does not give what is needed: { $error }
trouble-of-pool = pool { $name }: { $problem }
trouble-of-forward = auth.forward { $name }: { $problem }
trouble-unreadable = { $file } cannot be read: { $error }
trouble-unreadable-hint = a path in the configuration counts from the folder of its file; `ls -l { $file }` shows whether it is there and who may read it
trouble-not-pem = { $file } is not a valid PEM file
trouble-not-pem-hint = it must hold lines such as -----BEGIN CERTIFICATE-----; a file in DER is turned by `openssl x509 -inform DER -in { $file } -out shop.pem`
trouble-no-certificate = { $file } holds no certificate
trouble-no-certificate-hint = the certificate comes first, those between it and the root after it, all in this one file; are chain and key swapped?
trouble-no-key = { $file } holds no private key that can be read
trouble-no-key-hint = a key with a passphrase is decrypted by `openssl pkey -in { $file } -out shop.key`; are chain and key swapped?
trouble-no-revocation-list = { $file } holds no revocation list
trouble-no-revocation-list-hint = it must hold -----BEGIN X509 CRL-----; `openssl crl -inform DER -in { $file } -out shop.crl` turns a list in DER
trouble-unusable = { $file } cannot be used: { $error }
trouble-unusable-hint = `openssl x509 -in { $file } -noout -text` shows what the file says
trouble-key-mismatch = the key in { $key } does not belong to the certificate in { $chain }
trouble-key-mismatch-hint = after a renewal both files must be replaced; `openssl x509 -in { $chain } -noout -pubkey` and `openssl pkey -in { $key } -pubout` must print the same
trouble-bad-name = `{ $name }` is neither a host name nor an address
trouble-bad-name-hint = the name stands in the certificate of the upstream, such as api.internal
trouble-tls-library = the TLS library refuses these settings: { $error }
trouble-tls-library-hint = TLS is spoken in versions 1.2 and 1.3, with keys of RSA from 2048 bits, ECDSA or Ed25519
trouble-no-roots = this machine has no trusted certificates; no certificate could be verified
trouble-no-roots-hint = install the package ca-certificates, or name the authority by `tls.ca`
trouble-door-file = { $file }: { $error }
trouble-door-file-hint = lists hold one address or network a line, files of users what `htpasswd -B` writes
trouble-cookie-secret = the secret of the cookies that keep clients at their upstreams is not to be had: { $file } { $error }
trouble-cookie-secret-hint = it is the first line of the file, at least 16 characters, and the user of the process must be allowed to read it
trouble-folder = the folder { $folder } cannot be served: { $error }
trouble-folder-hint = it must exist, and the user of the process must be allowed to read it and to enter the folders above it
trouble-template = the answer page { $file } cannot be used: { $error }
trouble-template-hint = docs/en/operating.md, “Your own error pages”, lists the names that may stand between double braces

## serve

serve-nothing = nothing is said about where requests shall go
serve-nothing-hint = `torwart serve --to http://127.0.0.1:3000` forwards to a server on this machine, `torwart serve --config FILE` does what a file says; `torwart demo` needs neither
serve-bad-file = with these errors there is nothing to run; nothing was started
serve-running = Torwart { $version } is running, process { $process }
serve-threads = { $count ->
    [one] { $count } worker
   *[other] { $count } workers
}
serve-listens = listens on
serve-forwards = forwards
serve-admin-at = admin
serve-no-admin = none
serve-log-to = access log
serve-log-off = none
serve-log-stdout = standard output
serve-log-stderr = standard error
serve-protection = protection
serve-protects-root = runs as root; with the key `user` it gives that up
serve-protects-user = user { $user }
serve-protects-powerless = no capabilities
serve-protects-capabilities = capabilities: { $capabilities }
serve-protects-files-confined = only its own files (Landlock)
serve-protects-files-partly = only its own files, as far as this kernel can (Landlock)
serve-protects-files-unavailable = every file of its user: this kernel has no Landlock
serve-protects-files-free = every file of its user: confine = false
serve-protects-files-hooks = every file of its user: hooks start programs
serve-stop = stop
serve-stop-how = Ctrl-C or `kill { $process }`; running exchanges may end first
serve-no-file = there is no configuration file to read again
serve-kept = nothing was taken over; the configuration from before goes on
serve-draining = stopping: no new connections, running exchanges have { $within } to end (again: stop at once)
serve-drained = stopped; every exchange has ended by itself
serve-cut = stopped; what was still running was closed

upgrade-done = process { $process } has taken over; requests still running here have { $within } to end
upgrade-kept = nothing has changed; this process goes on
upgrade-not-started = a new process could not be started: { $error }
upgrade-denied-hint = A confined gateway starts programs only from the folder its own program was in when it started. Restart it once; with socket activation (torwart.socket) nobody is refused meanwhile.
upgrade-failed = the new process did not get ready: { $text }
upgrade-ended = the new process ended before it was ready ({ $status })
upgrade-late = the new process was not ready within { $within } and was ended
upgrade-first-process = this gateway is the first process of its container, which would end with it
upgrade-first-process-hint = Replace the container, or start the gateway below an init process (docker run --init).
upgrade-not-told = this gateway runs as a service that cannot be told of a new main process, and would be stopped with the old one
upgrade-not-told-hint = Use Type=notify in the unit, or socket activation (torwart.socket) and a restart.
upstreams-unclear = `torwart upstreams { $what }` is no complete order
upstreams-unclear-hint = `torwart upstreams drain POOL UPSTREAM`; `torwart upstreams` shows both names

## check

check-no-complaints = { $file }: nothing to complain about
check-errors = { $count ->
    [one] { $count } error
   *[other] { $count } errors
}
check-warnings = { $count ->
    [one] { $count } warning
   *[other] { $count } warnings
}
check-not-dialled = No upstream was dialled: first the errors.
check-certificates = Certificates shown to clients
check-uncovered = not for these hosts of the site: { $hosts }
check-valid = valid until { $day }, another { $days }
check-certificate-waiting = no certificate yet; it is issued once the gateway runs, until then a placeholder is shown
check-ends-soon = ends on { $day }, in { $days }
check-expired = ended on { $day }, { $days } ago
check-upstreams = Upstreams, asked for HEAD /; services of auth.forward, asked by a stranger
check-upstreams-unasked = Upstreams: not asked
check-upstream = upstream
check-found = found
check-resolve = name
check-connect = connect
check-tls = TLS
check-head = head
check-status = status
check-answers = answers
check-observed = observed: { $ending } (at { $stage }, after { $after })
check-observed-at = observed: { $ending } (at { $stage }, after { $after }, { $address })
check-lets-anybody-in = it lets in who shows nothing at all; if that is not meant, its own rules are too wide, or it is asked at the wrong path
check-first-bytes = it sent: { $bytes }
check-certificate = its certificate is for { $validity }; issued by { $issuer }
check-acts = who acts: { $actor }
check-deadlines = Deadlines, in the order in which they can pass
check-next-request = the client's next request
check-no-deadline = none
check-longest = A client waits at most { $all } for the head of an answer ({ $attempts } attempts of { $each } at most). Whatever stands before Torwart should wait longer.
check-longest-total = A client waits at most { $all } for the head of an answer: the total deadline ends { $attempts } attempts of up to { $each }. Whatever stands before Torwart should wait longer.
check-process = The process, once it runs
check-user-own = It stays who starts it; started as root it would stay root. The key `user` lets it become somebody else.
check-user-becomes = It becomes { $user } (user { $uid }, group { $gid }) once its sockets are open, without any capability.
check-user-unknown = There is no user or group { $user } on this machine.
check-files-confined = It can then reach only its own files, where the kernel can do that (Landlock, Linux 5.13).
check-files-free = It can then reach every file of its user.
check-loosened = Loosened on purpose
check-well = Well: this can be served.
check-faulty = Faulty: see above.
loose-verify = Certificates of these upstreams are not verified. Anybody on the way can pretend to be them, and read and change everything. Better: tls.ca names the issuer, tls.name the name.
loose-equal-lengths = A request may hold several equal Content-Length fields. Harmless as long as everybody behind agrees that they are one.
loose-coding-beats-length = A request may hold both Transfer-Encoding and Content-Length. Whoever behind believes the other one sees a different request: the classic way to smuggle one.
loose-bare-lf = Lines of a request head may end in a bare LF. Parties that disagree about line ends disagree about fields.
loose-obs-fold = Folded field lines of a request are joined. Others may take the second line for a field of its own.
loose-space-before-colon = Blanks between a field's name and its colon are removed. Others may see another field name, or none.
loose-missing-host = Requests without Host, or with an empty one, are served. Which site they mean is a guess.
loose-target-characters = Targets may hold bytes that should be percent-encoded. Others may cut them off or read them differently.
loose-control-bytes = Field values of answers may hold control bytes. Clients may show or understand them in any way.
loose-confine = The running gateway is not confined to its own files. Whoever takes it over reads whatever its user can.
loose-hooks = Hooks start programs, so the running gateway is not confined to its own files. Let it run as a user who can read nothing else.
loose-socket = Every user of this machine can connect to this socket.
loose-admin = The admin address can be reached from other machines, in the clear. Whoever reads the token on its way reads metrics and failed requests.
loose-link-local = Names of these upstreams may lead to link-local addresses and to the cloud's metadata service. Whoever changes the name fetches this machine's credentials through the gateway.
loose-early-data = Requests that are to change nothing (GET, HEAD, OPTIONS) go on before the client has proven that it sends them just now; whoever recorded them can send them again. Leave it so only if every upstream knows the field Early-Data and answers 425 where a repetition would do harm.
loose-per-address = One client address may hold more connections than by default, so fewer of them take all places.
loose-connections = More client connections may be open at once than by default; each needs memory and two descriptors.
loose-size = Clients may send more than by default, so that fewer of them fill the memory or the upstreams' disks.
loose-streams = One connection may have more requests under way than by default, so fewer connections take all places.
loose-windows = More memory may go into large windows than by default; clients decide how much of it they fill, and for how long.
loose-time = Clients may take longer than by default, so that slow ones on purpose hold their places longer.
loose-basic = Passwords are asked for where clients connect without TLS: whoever is on the way reads them. Better: redirect_to_https = true.
loose-trusted = Everybody's forwarded fields are believed: any client can choose the address the upstreams see, and is shown details.

## doctor

doctor-made-fine = fine
doctor-made-found = FOUND
doctor-made-could-not = could not
doctor-made-out-of-time = too late
doctor-made-skipped = skipped
doctor-bad-follow-up = { $file } is no report of this program: { $error }
doctor-bad-follow-up-hint = `torwart doctor URL --format json > FILE` writes one; both programs should have the same version
doctor-other-url = { $file } is about { $theirs }, not about { $ours }
doctor-other-url-hint = Ask both places about the same URL; if its name leads elsewhere over there, add --connect-to or --resolve to that run
doctor-file-denied-hint = this user may not read it; with sudo, or as a member of the group that may, it works
doctor-value-url-scheme = only http:// and https:// pages can be asked for
doctor-value-scheme = possible are http://, https://, fastcgi://, uwsgi:// and unix:/path, or host:port alone
doctor-value-no-host = the host is missing
doctor-value-no-port = the port is missing, as in fastcgi://127.0.0.1:9000
doctor-value-port = the port is a number from 1 to 65535
doctor-value-character = there is a character that cannot stand in an address
doctor-controls = --control takes up to { $most } places, or `none` alone
doctor-value-resolver = `{ $value }` is no IP address; a name server is named by its address, such as 9.9.9.9
doctor-value-resolve = this must be HOST:PORT:ADDRESS, for example shop.example:443:10.0.0.5
doctor-value-connect-to = this must be HOST1:PORT1:HOST2:PORT2, for example shop.example:443:gate1.internal:8443
doctor-value-field = this must be a field like `X-Probe: 1`
doctor-value-method = possible are GET, HEAD, OPTIONS and TRACE: the doctor repeats requests and must change nothing

## explain

explain-unknown = there is no cause, finding or request id `{ $what }`
explain-unknown-hint = `torwart explain` shows all causes, `torwart explain --findings` all findings; a request id has three words of five letters
explain-unknown-product = no page has advice for `{ $product }`
explain-unknown-product-hint = known are, for example, nginx, HAProxy, Apache, Caddy and Traefik
explain-admin-hint = the gateway that answered must be running, with its admin address at this place; --admin names another
explain-status = Causes that lead to status { $status }
explain-status-more = An upstream can answer with this status itself; then it is passed on. `torwart explain CAUSE` explains one.
explain-no-status = no cause leads to status { $status }: it comes from an upstream

## lab

lab-runs = The lab is open.
lab-plain = faults by path
lab-tls = the same with TLS
lab-names = name server
lab-authority = authority to trust
lab-try = Try
lab-try-list = list all faults, each with its URL
lab-try-fault = meet one directly
lab-try-tls = meet one over TLS
lab-try-gateway = put a gateway in front, then ask it for http://127.0.0.1:8081/fault/head-cut
lab-try-port = a fault with a port of its own, such as { $fault }, is an upstream by itself
lab-faults = { $count } faults.
lab-stop = Ctrl-C closes the lab.
lab-needs-ports = The lab needs this port and some more after it; `--listen 127.0.0.1:0` takes free ones.
lab-family-name = Resolving the name
lab-family-connect = Connecting
lab-family-tls = TLS
lab-family-head = The head of the answer
lab-family-body = The body of the answer
lab-family-time = Time
lab-family-reuse = Using a connection again
lab-family-valid = Unusual but right: must pass
lab-family-pool = Several upstreams

## demo

demo-title = Torwart { $version }, demonstration
demo-intro = Three sample shops stand behind a gateway. shop-3 misbehaves on a schedule; watch what visitors notice of it.
demo-taken = { $address } is taken, so the gateway listens on { $chosen }.
demo-open = Open
demo-open-shop = the shop, from all three
demo-open-alone = shop-3 alone: nothing can be masked here, so you see the answer page
demo-open-metrics = counters, for Prometheus
demo-open-exchanges = the failed exchanges, as JSON
demo-try = Try
demo-request-id = REQUEST-ID
demo-goes = A visitor asks five times a second. Faults appear below; Ctrl-C ends it.
demo-fate-masked = masked
demo-fate-answered = answered
demo-fate-passed-on = passed on
demo-fate-cut = cut off
demo-why-masked = { $failed } -> { $last } answered
demo-why-passed-on = { $last } says so itself
demo-why-cut = { $failed }, after the answer had begun
demo-why-post = { $failed }, an order is not repeated
demo-why-alone = { $failed }, no other upstream
demo-why-answered = { $failed }
demo-tally = { $well } well, { $masked } masked, { $answered } answered, { $passed } passed on, { $cut } cut off
demo-summary = That was it. For the visitors:
demo-sum-well = { $count ->
    [one] request went well
   *[other] requests went well
}
demo-sum-masked = { $count ->
    [one] fault was masked: an attempt failed, another upstream answered
   *[other] faults were masked: an attempt failed, another upstream answered
}
demo-sum-answered = { $count ->
    [one] was answered by the gateway, with its cause
   *[other] were answered by the gateway, each with its cause
}
demo-sum-passed-on = { $count ->
    [one] error of the upstream itself was passed on unchanged
   *[other] errors of the upstream itself were passed on unchanged
}
demo-sum-cut = { $count ->
    [one] answer broke off, visibly, after it had begun
   *[other] answers broke off, visibly, after they had begun
}

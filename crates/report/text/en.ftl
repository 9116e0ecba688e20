# Sentences of the interface, English. de.ftl holds the same keys in the same order.
# $party is "client", "authoriser" or "upstream"; numbers and names of registries come as text.

## Labels

label-request-id = Request id
label-time = Time
label-retry-after = Try again after
label-support = Help
label-status-page = Current status
label-cause = Cause
label-stage = Stage
label-ending = What was observed
label-upstream = Upstream
label-address = Address
label-attempts = Attempts
label-error-type = RFC 9209 error type
label-status = Status
label-retry = Repeating
label-actor = Who acts
label-what-happened = What happened
label-how-to-tell = How to tell
label-what-to-do = What to do
label-see-also = See also
label-none = none
label-no-answer = no answer of ours
reference-title = Causes
reference-intro = Every cause Torwart can name, in the order of the stages of an exchange. The ids are stable: they stand in logs, metrics and reports, and “torwart explain <id>” prints the same page.
overview-title = All causes, by stage
overview-hint = “torwart explain <id>” explains one of them.
seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}

## Stages

stage-accept = accept the client's connection
stage-parse = read the request
stage-route = choose site and route
stage-guard = judge the client
stage-cache = ask the cache
stage-admit = admit or queue
stage-pick = choose an upstream
stage-resolve = resolve the upstream's name
stage-connect = connect to the upstream
stage-handshake = TLS handshake with the upstream
stage-send = send the request
stage-head = await the response head
stage-body = pass on the response body

## Actors

actor-dns = whoever runs the name servers
actor-network = whoever runs the network between gateway and upstream
actor-firewall = whoever runs the packet filters
actor-tls = whoever issues and installs certificates
actor-gateway = whoever configures the gateway
actor-upstream = whoever runs the upstream and its host
actor-application = whoever writes the application
actor-client = the client or its network
actor-nobody = nobody

## Repeating

retry-always = safe for every method: the upstream provably did not take the request
retry-idempotent = idempotent methods only: the upstream may have taken the request
retry-never = not repeated

## Certainty and missing observations

certainty-certain = certain
certainty-likely = likely
observation-ending = how this stage ended: { $stage }
observation-link-reuse = whether the link had been used before
observation-attempts = whether an upstream was tried at all

## Endings

party = { $party ->
    [client] the client
    [authoriser] the authorisation service
   *[upstream] the upstream
}
party-of = { $party ->
    [client] the client's
    [authoriser] the authorisation service's
   *[upstream] the upstream's
}
ending-closed = { party } closed the connection before it was due
ending-closed-without-notify = { party } ended the TLS connection without close_notify; the data may be cut off
ending-reset = { party } reset the connection
ending-refused = the connection was refused
ending-unroutable = the network has no route to the address
ending-missing = the unix socket does not exist
ending-queue-full = the upstream's listen queue is full
ending-forbidden = this host does not permit the connection
ending-resources-spent = the gateway has no descriptor, source port or memory left
ending-malformed = { party } broke the rules of HTTP at byte { $at }: { $what }
ending-too-large = { party } exceeded a limit: { $what }
ending-tls-alert = { party } sent TLS alert { $number } ({ $name })
ending-stream-refused = { party } refused the stream before processing it
ending-stream-reset = { party } reset the stream with error { $number } ({ $name })
ending-os = operating system error { $number } ({ $name })
ending-panicked = the gateway's own code failed
ending-timed-out-client-head = the client did not send its whole request head in time (deadline client_head)
ending-timed-out-client-body = the client sent nothing more of its body in time (deadline client_body)
ending-timed-out-client-handshake = the client did not finish its TLS handshake in time (deadline client_handshake)
ending-timed-out-client-write = the client took no more of its answer in time (deadline client_write)
ending-timed-out-resolve = no name server answered in time (deadline resolve)
ending-timed-out-connect = the upstream did not answer the connection attempt in time (deadline connect)
ending-timed-out-authorise = the authorisation service did not answer in time (deadline auth.deadline)
ending-timed-out-handshake = the TLS handshake with the upstream did not end in time (deadline handshake)
ending-timed-out-send = the upstream took no more of the request in time (deadline send)
ending-timed-out-first-byte = the upstream's head was not complete in time (deadline first_byte)
ending-timed-out-between-bytes = the upstream sent nothing more of its body in time (deadline between_bytes)
ending-timed-out-per-try = the attempt took too long, and another upstream could still be asked (deadline per_try)
ending-timed-out-total = the time for the whole exchange was used up (deadline total)
ending-timed-out-queue = the request waited in the queue for too long (deadline queue)
ending-timed-out-drain = the gateway stopped before the exchange was over (deadline drain)
ending-name-nxdomain = the name does not exist (NXDOMAIN)
ending-name-no-address = the name exists, but has neither an A nor an AAAA record
ending-name-rcode = the name server answered with { $name } (rcode { $number })
ending-name-loop = the chain of CNAME records is a loop or too long
ending-name-garbled = the name server's answer could not be read
ending-name-unreachable = no name server could be reached
ending-name-system = the system's resolver failed with { $name } ({ $number })
ending-certificate-untrusted = { party-of } certificate does not lead to a trusted root
ending-certificate-expired = { party-of } certificate has expired
ending-certificate-not-yet-valid = { party-of } certificate is not valid yet
ending-certificate-wrong-name = { party-of } certificate is for another name
ending-certificate-revoked = { party-of } certificate is revoked
ending-certificate-missing = { party-of } certificate is missing
ending-certificate-unusable = { party-of } certificate is not meant for this use
ending-tls-not-tls = { party } does not speak TLS here
ending-tls-no-agreement = { party } and the gateway share no TLS version, cipher suite or parameter
ending-tls-broken = { party } broke the TLS protocol
ending-cancelled-client = the client went away
ending-cancelled-upstream = the upstream gave up
ending-cancelled-gateway = the gateway gave up
ending-cancelled-faster = a second attempt beside it was answered first
ending-decided-no-route = no site or route matches the request
ending-decided-no-file = there is no such file
ending-decided-file-forbidden = the gateway may not read the file
ending-decided-deny = a rule of the gateway forbids the request
ending-decided-misdirected = the connection was made for another site
ending-decided-unauthorised = the client did not prove who it is
ending-decided-authoriser-unclear = the authorisation service said neither yes nor no
ending-decided-rate-limit = the client asks more often than allowed
ending-decided-loop = the request has passed this gateway before
ending-decided-gateway-full = the gateway has as many exchanges as it may have
ending-decided-route-full = the route has as many requests as it may have
ending-decided-wait = the site has as many visitors as it may have
ending-decided-upstream-full = every upstream has as many requests as it may have
ending-decided-all-down = every upstream is held to be down
ending-decided-address-forbidden = the upstream's address is not allowed
ending-decided-misconfigured = the configuration cannot serve the request
ending-decided-draining = the gateway is shutting down

## Deadlines

deadline-client-head = the client's request head
deadline-client-body = a pause in the client's body
deadline-client-handshake = the client's TLS handshake
deadline-client-write = a client that takes no more
deadline-resolve = name resolution
deadline-connect = the connection
deadline-authorise = the authorisation service
deadline-handshake = the TLS handshake
deadline-send = an upstream that takes no more
deadline-first-byte = the upstream's whole head
deadline-between-bytes = a pause in the upstream's body
deadline-per-try = one attempt up to the upstream's head
deadline-total = the whole exchange
deadline-queue = waiting in the queue
deadline-drain = the drain at shutdown

## Limits

limit-target = the length of the request target
limit-head-bytes = the size of the header section
limit-field-count = the number of fields
limit-field-bytes = the size of one field
limit-body-bytes = the size of the body
limit-trailers = the trailer section
limit-chunk-extensions = the chunk extensions
limit-interim-count = the number of interim (1xx) responses

## Broken rules

malformation-bare-lf = a line ends in LF without CR
malformation-bare-cr = a CR that is not followed by LF
malformation-nul = a NUL byte
malformation-control-byte = a control byte
malformation-bad-method = the method is missing or no token
malformation-bad-target = the request target is missing or has a form that is not allowed
malformation-bad-version = the version is not written as HTTP/x.y
malformation-unknown-version = an HTTP version that is not spoken here
malformation-bad-status = the status is not three digits from 100 to 599
malformation-bad-status-line = the status line is broken
malformation-not-http = the first bytes are not HTTP
malformation-tls-record = the first bytes are a TLS record
malformation-bad-field-name = a field name is empty or no token
malformation-no-colon = a field line without a colon
malformation-space-before-colon = whitespace between field name and colon
malformation-obs-fold = a folded field line
malformation-host-missing = Host is missing
malformation-host-repeated = Host stands more than once
malformation-bad-host = Host is not a host with an optional port
malformation-bad-length = Content-Length is not a usable number
malformation-lengths-differ = several Content-Length fields
malformation-length-and-coding = Content-Length together with Transfer-Encoding
malformation-bad-coding = Transfer-Encoding does not end in exactly one “chunked”
malformation-unknown-coding = an unknown transfer coding
malformation-coding-in-http10 = Transfer-Encoding in an HTTP/1.0 message
malformation-framing-forbidden = a framing field where none may stand
malformation-bad-expectation = an unknown expectation
malformation-bad-upgrade = a switch to a protocol that was not offered
malformation-unsupported-method = a method that is not carried
malformation-bad-chunk-size = a chunk size that is missing, not hexadecimal or too long
malformation-bad-chunk-extension = a broken chunk extension
malformation-bad-chunk-end = chunk data that is not followed by CRLF
malformation-bad-trailer = a trailer field that breaks the grammar
malformation-bad-proxy-header = the PROXY protocol header is missing or broken
malformation-bad-proxy-checksum = the checksum of the PROXY protocol header is wrong
malformation-not-fastcgi = the first bytes are no FastCGI record
malformation-bad-record = a FastCGI record that is broken or may not come here
malformation-not-http2 = the first bytes are not those of HTTP/2
malformation-bad-frame = a frame, or a message made of frames, that breaks the rules of HTTP/2

## What visitors read, by status

visitor-400 = The request could not be understood
    .message = What arrived here from your browser or app was incomplete or not valid, so it was not passed on.
    .advice = Reload the page or start again from the home page. If you followed a link, it may be damaged.
visitor-401 = Please sign in
    .message = This page is only for people who have signed in.
    .advice = Sign in and try again.
visitor-403 = You may not see this
    .message = Access to this address is restricted.
    .advice = If you think you should have access, contact the site and quote the id below.
visitor-404 = Nothing found here
    .message = There is no page at this address.
    .advice = Check the address for typing errors, or start from the home page.
visitor-408 = That took too long
    .message = Your request did not arrive completely in time. A slow or interrupted connection is the usual reason.
    .advice = Check your connection and try again.
visitor-413 = That is too large
    .message = What you are sending is larger than this site accepts.
    .advice = Send a smaller file, or ask the site about other ways.
visitor-414 = The address is too long
    .message = The address of this request is longer than this site accepts.
    .advice = Start again from the home page. If you filled in a form, the site may need to change it.
visitor-417 = An expectation cannot be met
    .message = Your program asked for a behaviour this site does not offer.
    .advice = Switch the “Expect” field off and try again.
visitor-421 = This is the wrong door
    .message = Your request came over a connection that belongs to another site.
    .advice = Reload the page; your browser will open a new connection.
visitor-425 = A little too early
    .message = Your request came before the connection was fully secured, so it was not accepted.
    .advice = Try again now.
visitor-429 = Too many requests
    .message = More requests came from your connection than this site accepts in so short a time.
    .advice = Wait a moment, then go on.
visitor-431 = Your browser sends too much
    .message = The cookies or other details your browser sends along are larger than this site accepts.
    .advice = Delete this site's cookies in your browser, then sign in again.
visitor-500 = Something went wrong on our side
    .message = This is not your fault. An error in our systems keeps us from answering.
    .advice = Try again in a little while. If it stays like this, contact us and quote the id below.
visitor-501 = This is not possible here
    .message = Your program asked for something this site does not support.
    .advice = If this happens in an ordinary browser, contact us and quote the id below.
visitor-502 = The site is not answering properly
    .message = This is not your fault, and your device and connection are working. Our entrance works, but it got no usable answer from our own server.
    .advice = Usually this passes within minutes. Your browser's cache and settings have nothing to do with it.
visitor-503 = The site is busy right now
    .message = This is not your fault. At the moment more is being asked of our servers than they can do, or they are being worked on.
    .advice = Wait a little, then try again.
visitor-waiting = You are in the queue
    .message = More visitors want in than there is room for, so they are let in one after the other.
    .advice = Keep this page open: it asks again by itself and lets you in when it is your turn. If you close it, your place is kept for a short while.
visitor-504 = The site is taking too long
    .message = This is not your fault, and your device and connection are working. Our server did not answer in time.
    .advice = Try again in a few minutes.
visitor-505 = This version of HTTP is not spoken here
    .message = Your program speaks a version of HTTP this site does not know.
    .advice = Use an up-to-date browser or program.
visitor-4xx = The request cannot be answered
    .message = Something about this request does not suit this site.
    .advice = Check the address and try again, or start from the home page.
visitor-5xx = Something went wrong on our side
    .message = This is not your fault. Our systems could not answer the request.
    .advice = Try again in a little while. If it stays like this, contact us and quote the id below.

visitor-not-repeated = What you were sending was not sent again, so nothing happens twice. It may have arrived all the same: check first, then send it once more.
visitor-place = { $count ->
        [one] You are next.
       *[other] Your place in the queue: { $count }.
    }
visitor-place-soon = It will take less than two minutes.
visitor-place-minutes = It will take about { $count } minutes.
visitor-wait = Please wait at least { seconds } before you try again.

## Parts of the page

page-retry = Try again
page-stop = Stop
page-waiting-before = Trying again by itself in
page-waiting-after = s
page-paused = Paused while you are away.
page-stopped = Not trying by itself any more.
page-quote = Please quote this id when you contact us:
page-details = For operators
page-more = More
page-node-browser = Your browser
page-node-gateway = Our entrance
page-node-server = Our server
page-picture-request = Your browser's request reached our entrance, but was not passed on to our server.
page-picture-gateway = Your browser reached our entrance; the error is there.
page-picture-link = Your browser reached our entrance; the connection from there to our server is broken.
page-picture-slow = Your browser reached our entrance; the answer from our server is overdue.
page-picture-server = Your browser reached our entrance; our server cannot take the request right now.

## Findings

label-what-is-wrong = What is wrong
label-how-we-know = How we know
findings-title = Findings
findings-intro = Every fault of a set-up that “torwart doctor” can find, by area. The ids are stable, and “torwart explain <id>” prints the same page.
findings-all = All findings
findings-overview-title = All findings, by area
findings-overview-hint = “torwart explain <id>” explains one of them; “torwart explain” shows the causes of single requests.
label-finding = Finding
label-severity = Severity
label-role = Kind
label-causes = Explains
finding-role-root = root: mending it mends the site
finding-role-symptom = symptom: what it follows from is better
finding-severity-critical = critical: requests fail
finding-severity-warning = warning: requests fail at times, or will
finding-severity-info = information: nothing is wrong

## The doctor's report

doctor-report = Report of torwart doctor
doctor-verdict-healthy = Healthy: { $url } works, and nothing wrong was found
doctor-verdict-unclear = Could not tell what is wrong with { $url }
doctor-healthy-more = Everything that could be looked at from here is as it should be.
doctor-unclear-more = The site does not work from here or could not be asked, and nothing that was found says why. What is listed below as not checked is the next thing to look at.
doctor-severity-critical = Fault
doctor-severity-warning = Weak point
doctor-severity-info = Note
doctor-hop-you = You
doctor-hop-dns = DNS
doctor-hop-gateway = Gateway
doctor-hop-path = way to the upstream
doctor-hop-upstream = Upstream
doctor-hop-application = Application
# Pages about ways and ports speak of the upstream. Where it is the site itself that cannot be reached, these words are put in place.
doctor-front-words = upstream=gateway
doctor-broken-here = here it breaks
doctor-state-well = well
doctor-state-doubtful = with a warning
doctor-state-broken = the chain breaks here
doctor-state-unknown = not known
doctor-asked = Asked about
doctor-station = Station
doctor-place = Where
doctor-confidence = How sure
doctor-seen-from = Seen from
doctor-note = Note
doctor-percent = { $number }%
doctor-also-seen = Also seen
doctor-because-of = Follows from: { $title }
doctor-seen-well = What was seen
doctor-not-checked = Not checked, and how to
doctor-late = Not done in time: { $checks }. A longer `--deadline` allows it.
doctor-checks = Checks
doctor-more = More about it
doctor-more-products = The exact settings for { $products }:
doctor-effort = { $count ->
    [one] { $count } check in { $took }.
   *[other] { $count } checks in { $took }.
}
doctor-effort-cut = { $count ->
    [one] { $count } check in { $took }; the run was ended before all were done.
   *[other] { $count } checks in { $took }; the run was ended before all were done.
}
doctor-connections = { $count ->
    [one] { $count } connection
   *[other] { $count } connections
}
doctor-requests = { $count ->
    [one] { $count } request
   *[other] { $count } requests
}
doctor-contacts = Asked: { $contacts }.
doctor-merged = Seen from { $places }.
doctor-origin = Torwart { $version }, seen from { $place } at { $at }.
doctor-check-fine = fine
doctor-check-found = found something
doctor-check-not-applicable = nothing to check
doctor-check-could-not = could not tell
doctor-check-skipped = skipped
doctor-check-out-of-time = not done in time

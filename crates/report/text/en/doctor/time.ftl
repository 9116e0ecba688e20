# What the checks of deadlines and idle connections say. de/doctor/time.ftl holds the same keys in the same order.

time-idle-measured = Idle connections are closed by the upstream after { $seconds } s.
time-idle-measured-of = { $upstream } closes idle connections { $seconds } s after its last answer, on all three connections that were measured.
time-idle-kept = The upstream kept idle connections open for the { $seconds } s we waited.
time-idle-advertised = It advertises { $seconds } s (Keep-Alive: timeout={ $seconds }).
time-closes-each = { $upstream } closes the connection after every answer.
time-pool-idle = The gateway reuses idle connections for { $seconds } s: { $written }
time-pool-idle-default = The gateway reuses idle connections for { $seconds } s; nobody wrote so, it is the default: { $written }
time-expected-failures = About { $requests } requests a day have a method that must not be repeated (POST, PATCH); at worst some { $failures } of them meet the closing moment and fail.
time-first-byte = The upstream { $upstream } begins its answer after { $seconds } s.
time-first-bytes = Time to the first byte from { $upstream }, in seconds: { $times }.
time-no-first-byte = { $upstream } took { $tries } requests and answered none; the first was waited for { $seconds } s.
time-connected = The connection to { $upstream } stood after { $seconds } s: the network is not what is slow.
time-gateway-waits = The gateway waits { $seconds } s for the first byte: { $written }
time-gateway-waits-default = The gateway waits { $seconds } s for the first byte; nobody wrote so, it is the default: { $written }
time-gateway-gave-up = Visitors get an error instead of the answer.
time-constant = The three times differ by only { $spread } ms: that is a timer running out inside the application, not work.
time-inner-limit = The process { $process } may work on one request for { $seconds } s ({ $written }).
time-outer-limit = The gateway waits { $seconds } s for the first byte ({ $written }).
time-order = { $inner } is { $inner_seconds } s and should be shorter than { $outer }, which is { $outer_seconds } s.
time-process-stopped = The process { $process } ({ $pid }) was stopped by a signal: connections are made, and nobody reads them until it is continued.
time-pool-idle-unlimited = The gateway reuses idle connections until the upstream closes them, however long that takes ({ $written } is not set).
time-state-kept = A connection that was idle for { $seconds } s still carries requests.
time-state-lost = { $upstream }: after { $seconds } s without traffic, requests on { $count } connections were sent and never acknowledged (unacked { $unacked }, retransmits { $retransmits }); nobody had closed these connections.
time-state-reset = { $upstream }: after { $seconds } s without traffic, requests on { $count } connections were answered with a reset; nobody had closed these connections.
time-state-alive = After { $seconds } s without traffic a request still came through.
time-state-fresh = A new connection to { $upstream } carried two requests at the same time: upstream and path are in order.
time-state-own = { $upstream }: after { $seconds } s without traffic, requests on { $count } connections never left this machine: its own packet filter has forgotten these connections, which nobody had closed.
time-state-not-looked = Whether a firewall on the way to { $upstream } forgets connections that are idle for more than { $seconds } s (looked at so far) and up to { $most } s takes that long to find out.

//! Every default, each with its reason. The reader, the schema and the reference page take them from here.

use std::time::Duration;

use crate::ByteSize;

/// Large cookies fit, and ten thousand of them do not fill the memory.
pub const CLIENT_HEAD: ByteSize = ByteSize::kibibytes(32);
/// Browsers send about twenty, chains of proxies add a dozen.
pub const CLIENT_FIELDS: usize = 100;
/// What browsers and other servers count on.
pub const CLIENT_STREAMS: u32 = 100;
/// Large windows for two hundred uploads at once from far away; what they do not fill is memory of nobody.
pub const CLIENT_WINDOWS: ByteSize = ByteSize::mebibytes(256);
/// What most servers behind us accept at most.
pub const CLIENT_TARGET: ByteSize = ByteSize::kibibytes(8);
/// Uploads work without a word in the file; an endless one stops.
pub const CLIENT_BODY: ByteSize = ByteSize::gibibytes(1);
/// A slow phone on a bad line needs five.
pub const CLIENT_HANDSHAKE: Duration = Duration::from_secs(10);
/// A head is one packet or two; who needs longer holds a place on purpose.
pub const CLIENT_HEAD_TIME: Duration = Duration::from_secs(10);
/// A train in a tunnel comes out within this time.
pub const CLIENT_BODY_TIME: Duration = Duration::from_secs(30);
/// A client that takes nothing for a minute has gone.
pub const CLIENT_SEND_TIME: Duration = Duration::from_secs(60);
/// Longer than what load balancers before us keep (60 s), so that they close first.
pub const CLIENT_KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Enough for an error answer to arrive; short enough to cost nothing.
pub const CLIENT_LINGER: Duration = Duration::from_secs(5);
/// Needs twice as many descriptors at most, which usual service limits (65,536) allow.
pub const CONNECTIONS: usize = 20_000;

/// One lost packet to a name server and its repetition.
pub const RESOLVE: Duration = Duration::from_secs(5);
/// One lost SYN and its repetition after a second.
pub const CONNECT: Duration = Duration::from_secs(3);
/// Two round trips and a busy server.
pub const HANDSHAKE: Duration = Duration::from_secs(5);
/// A server that takes no byte for a minute hangs.
pub const SEND: Duration = Duration::from_secs(60);
/// What nginx and most load balancers wait, so that moving here changes nothing.
pub const FIRST_BYTE: Duration = Duration::from_secs(60);
/// As the first byte: a report may think in between.
pub const BETWEEN_BYTES: Duration = Duration::from_secs(60);
/// WebSocket applications send a sign of life at least every few minutes.
pub const TUNNEL: Duration = Duration::from_secs(3600);

/// The first and two more: a third failure in a row is no accident.
pub const ATTEMPTS: u32 = 3;
/// Retries may add a fifth to the load, never multiply it.
pub const RETRY_PERCENT: u32 = 20;
/// Lets small sites retry at all.
pub const RETRY_PER_SECOND: u32 = 10;
/// Once is chance, five times in a row is not.
pub const EJECT_FAILURES: u32 = 5;
/// Far more than the others, so that what fails everywhere ejects nobody.
pub const EJECT_MARGIN: u32 = 30;
/// A restart takes about as long.
pub const EJECT_TIME: Duration = Duration::from_millis(500);
/// Whoever mends an upstream does not want to wait longer for traffic.
pub const EJECT_LONGEST: Duration = Duration::from_secs(30);
/// The others can carry twice their load for a while, hardly more.
pub const EJECT_SHARE: u32 = 50;
/// Caches and just-in-time compilers warm up in about this time.
pub const SLOW_START: Duration = Duration::from_secs(10);
/// Every upstream counts the same.
pub const WEIGHT: u32 = 1;
/// A few questions a minute cost nothing, and a dead upstream is known before most people notice.
pub const HEALTH_EVERY: Duration = Duration::from_secs(5);
/// Whoever is down is wanted back soon.
pub const HEALTH_EVERY_DOWN: Duration = Duration::from_secs(1);
/// Enough to keep the questions of many gateways apart.
pub const HEALTH_JITTER: u32 = 10;
/// Whoever needs longer to say that it is well is not.
pub const HEALTH_DEADLINE: Duration = Duration::from_secs(2);
/// One good answer may be luck.
pub const HEALTH_RISE: u32 = 2;
/// Two bad ones may be bad luck.
pub const HEALTH_FALL: u32 = 3;
/// Applications redirect as a matter of course; 4xx means that the wrong thing is asked.
pub const HEALTH_STATUSES: std::ops::RangeInclusive<u16> = 200..=399;
/// Most restarts are over by then.
pub const ON_DOWN_AFTER: Duration = Duration::from_secs(30);
/// What a restart has not mended another one will hardly mend at once.
pub const ON_DOWN_EVERY: Duration = Duration::from_secs(600);
/// Service managers take their time to start what they were told to.
pub const ON_DOWN_DEADLINE: Duration = Duration::from_secs(60);
/// The word for every failure that may be repeated.
pub const RETRY_FAILURES: &str = "failure";
/// What says that another upstream may do better now: something behind it is away, or it is being restarted.
pub const RETRY_STATUSES: [u16; 2] = [502, 503];
/// A process is restarted within it; whoever waits longer takes a page for dead.
pub const WAIT: Duration = Duration::from_secs(5);
/// Covers the bursts of one core without holding descriptors for nothing.
pub const IDLE_LINKS: usize = 64;
/// Below the usual 60 s of servers, so that we close first.
pub const IDLE_TIME: Duration = Duration::from_secs(55);

/// Twice a client's: applications set many cookies at once.
pub const UPSTREAM_HEAD: ByteSize = ByteSize::kibibytes(64);
/// As the whole head: one large field is as good as many small ones.
pub const UPSTREAM_FIELD: ByteSize = ByteSize::kibibytes(64);
/// Twice a client's.
pub const UPSTREAM_FIELDS: usize = 200;
/// Progress reports are welcome, endless ones are not.
pub const UPSTREAM_INTERIM: u32 = 20;
/// Most pages of data interfaces are complete within this.
pub const HOLD: ByteSize = ByteSize::kibibytes(16);
/// Nobody notices it.
pub const HOLD_TIME: Duration = Duration::from_millis(200);
/// Forms and calls fit, uploads do not.
pub const REPLAY: ByteSize = ByteSize::kibibytes(64);

/// Keeps a name server with a time to live of 0 from being asked per request.
pub const TTL_MIN: Duration = Duration::from_secs(1);
/// An address that moved is found within the hour whatever its time to live says.
pub const TTL_MAX: Duration = Duration::from_secs(3600);
/// A name that appears now is found soon.
pub const NEGATIVE_TTL: Duration = Duration::from_secs(5);

/// A bad night's worth, in a few megabytes.
pub const FAILED_EXCHANGES: usize = 1000;
/// For the own group: a web server in front of it joins that group.
pub const SOCKET_MODE: u32 = 0o660;
/// Most exchanges end within it; orchestrators kill after it.
pub const DRAIN: Duration = Duration::from_secs(30);

/// The CA that gives certificates to everybody.
pub const ACME_DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// The same CA for trying out: its certificates are trusted by nobody, its limits are generous.
pub const ACME_STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";
/// Where a service keeps what must survive a restart (FHS 3.0, 5.8).
pub const STATE: &str = "/var/lib/torwart";
/// Providers of DNS answer within seconds; some queue changes for a minute.
pub const DNS_HOOK: Duration = Duration::from_secs(120);
/// Secondary name servers usually have a change by then.
pub const DNS_WAIT: Duration = Duration::from_secs(10);
/// What browsers' preload lists ask for: a year.
pub const HSTS_AGE: Duration = Duration::from_secs(365 * 86_400);

/// A company or a village behind one address fits; forty such addresses are needed to take all places.
pub const PER_ADDRESS: usize = 500;
/// As many visitors as a large site has in the time its limits remember, in a few megabytes.
pub const LIMIT_KEYS: usize = 100_000;
/// A browser fetches a page with about as many requests at once.
pub const LEAST_BURST: u32 = 20;
/// Somebody waits for it with every request.
pub const AUTHORISE: Duration = Duration::from_secs(5);

/// What fits one packet gains nothing by being smaller.
pub const COMPRESS_LEAST: ByteSize = ByteSize::kibibytes(1);
/// Text in all its forms, and what is kept without compression of its own. Pictures, films and archives have one.
pub const COMPRESS_TYPES: &[&str] = &[
    "text/*",
    "+json",
    "+xml",
    "application/json",
    "application/x-ndjson",
    "application/javascript",
    "application/x-javascript",
    "application/xml",
    "application/wasm",
    "application/rtf",
    "application/vnd.ms-fontobject",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/x-icon",
];

/// Long enough for most outages, short enough that a crawler is back the same day.
pub const CRAWLER_RETRY: Duration = Duration::from_secs(600);

/// The pages of a large shop and their pictures' small forms; a small machine still has room beside it.
pub const CACHE_MEMORY: ByteSize = ByteSize::kibibytes(256 * 1024);
/// Pages of a few kilobytes fill the memory before this.
pub const CACHE_OBJECTS: usize = 100_000;
/// A film would push out thousands of pages.
pub const CACHE_LARGEST: ByteSize = ByteSize::kibibytes(16 * 1024);
/// A page of yesterday is better than none, and whoever is called at night has mended it by then.
pub const STALE_IF_ERROR: Duration = Duration::from_secs(86_400);

/// A handful of slow requests never stops all others.
pub const LEAST_CONCURRENCY: u32 = 4;
/// Beyond it the descriptors of this host are the limit.
pub const MOST_CONCURRENCY: u32 = 10_000;
/// Who stands further behind has left before it is his turn.
pub const QUEUE_LENGTH: usize = 1000;
/// A restart or a pause of the upstream passes within it.
pub const QUEUE_TIME: Duration = Duration::from_secs(2);
/// With the answer's own time it stays below what people notice as waiting.
pub const QUEUE_TARGET: Duration = Duration::from_millis(100);
/// Between two pages of a shop.
pub const STAY: Duration = Duration::from_secs(300);
/// The slowest mobile networks manage several times as much.
pub const LEAST_PACE: u64 = 500;
/// A train in a tunnel comes out within this time.
pub const PACE_GRACE: Duration = Duration::from_secs(30);

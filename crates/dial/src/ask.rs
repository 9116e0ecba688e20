//! One whole HTTP/1.1 exchange, for probes: health checks, `torwart check`, tests.

//! What is wrong with the gateway and its configuration.

use super::kinds;

kinds! {
    /// The gateway's configuration cannot be read without errors.
    CONFIG_BROKEN "gateway.config_broken" Critical Gateway Root [Misconfigured];
    /// No process of the gateway runs on its host.
    NOT_RUNNING "gateway.not_running" Critical Gateway Root [ConnectRefused];
    /// The gateway runs, but listens on other ports than the site's.
    NOT_LISTENING "gateway.not_listening" Critical Gateway Root [ConnectRefused];
    /// The configuration is newer than what the gateway runs on.
    RELOAD_PENDING "gateway.reload_pending" Info Gateway Root [Misconfigured];
    /// The names of upstreams are looked up at start only.
    NAMES_AT_START "gateway.names_at_start" Info Gateway Root [ConnectRefused, AddressUnroutable, ConnectTimedOut];
    /// Upstreams are named by variables, and nobody may be asked for their addresses.
    RESOLVER_MISSING "gateway.resolver_missing" Critical Gateway Root [NameUnknown, NameServerFailed, Misconfigured];
    /// A line of the configuration needs a switch that is not on.
    SWITCH_MISSING "gateway.switch_missing" Critical Gateway Root [Misconfigured, TlsNoAgreement, NotTls, WantsTls];
    /// Settings of an upstream are ignored because another entry shares its worker.
    WORKER_SHARING "gateway.worker_sharing" Info Gateway Root [];
    /// Requests that must not be repeated are repeated.
    UNSAFE_RETRY "gateway.unsafe_retry" Info Gateway Root [];
    /// The gateway sends nothing to upstreams that failed a moment ago, and has no other.
    UPSTREAMS_EJECTED "gateway.upstreams_ejected" Warning Gateway Symptom [UpstreamsDown];
    /// The gateway has used up its own connections.
    CONNECTIONS_SPENT "gateway.connections_spent" Critical Gateway Root [LocalResourcesSpent, GatewayFull];
    /// A worker of the gateway has crashed.
    WORKER_CRASHED "gateway.worker_crashed" Critical Gateway Root [GatewayBug];
    /// The configuration has a setting that a careful operator would change.
    SETTING_DOUBTFUL "gateway.setting_doubtful" Info Gateway Root [];
    /// The gateway's log tells of failed requests.
    LOG_ERRORS "gateway.log_errors" Warning Upstream Symptom [];
    /// Visitors see errors of which the gateway's log knows nothing.
    LOG_SILENT "gateway.log_silent" Info Gateway Symptom [];
}

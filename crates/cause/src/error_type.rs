//! The proxy error types registered by RFC 9209 §2.3, with the status each recommends.

use std::fmt;

macro_rules! error_types {
    ($($variant:ident $name:literal $status:tt $section:literal;)*) => {
        /// A proxy error type of the RFC 9209 registry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorType {
            $(#[doc = concat!("`", $name, "`, RFC 9209 §", $section, ".")] $variant,)*
        }

        impl ErrorType {
            /// Every registered type, in the order of the RFC.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The registered name, as it stands in a `Proxy-Status` field.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The status the RFC recommends; `None` where it leaves it to the response or the case.
            pub const fn recommended_status(self) -> Option<u16> {
                match self { $(Self::$variant => error_types!(@status $status),)* }
            }
        }
    };
    (@status -) => { None };
    (@status $status:literal) => { Some($status) };
}

error_types! {
    DnsTimeout "dns_timeout" 504 "2.3.1";
    DnsError "dns_error" 502 "2.3.2";
    DestinationNotFound "destination_not_found" 500 "2.3.3";
    DestinationUnavailable "destination_unavailable" 503 "2.3.4";
    DestinationIpProhibited "destination_ip_prohibited" 502 "2.3.5";
    DestinationIpUnroutable "destination_ip_unroutable" 502 "2.3.6";
    ConnectionRefused "connection_refused" 502 "2.3.7";
    ConnectionTerminated "connection_terminated" 502 "2.3.8";
    ConnectionTimeout "connection_timeout" 504 "2.3.9";
    ConnectionReadTimeout "connection_read_timeout" 504 "2.3.10";
    ConnectionWriteTimeout "connection_write_timeout" 504 "2.3.11";
    ConnectionLimitReached "connection_limit_reached" 503 "2.3.12";
    TlsProtocolError "tls_protocol_error" 502 "2.3.13";
    TlsCertificateError "tls_certificate_error" 502 "2.3.14";
    TlsAlertReceived "tls_alert_received" 502 "2.3.15";
    HttpRequestError "http_request_error" - "2.3.16";
    HttpRequestDenied "http_request_denied" 403 "2.3.17";
    HttpResponseIncomplete "http_response_incomplete" 502 "2.3.18";
    HttpResponseHeaderSectionSize "http_response_header_section_size" 502 "2.3.19";
    HttpResponseHeaderSize "http_response_header_size" 502 "2.3.20";
    HttpResponseBodySize "http_response_body_size" 502 "2.3.21";
    HttpResponseTrailerSectionSize "http_response_trailer_section_size" 502 "2.3.22";
    HttpResponseTrailerSize "http_response_trailer_size" 502 "2.3.23";
    HttpResponseTransferCoding "http_response_transfer_coding" 502 "2.3.24";
    HttpResponseContentCoding "http_response_content_coding" 502 "2.3.25";
    HttpResponseTimeout "http_response_timeout" 504 "2.3.26";
    HttpUpgradeFailed "http_upgrade_failed" 502 "2.3.27";
    HttpProtocolError "http_protocol_error" 502 "2.3.28";
    ProxyInternalResponse "proxy_internal_response" - "2.3.29";
    ProxyInternalError "proxy_internal_error" 500 "2.3.30";
    ProxyConfigurationError "proxy_configuration_error" 500 "2.3.31";
    ProxyLoopDetected "proxy_loop_detected" 502 "2.3.32";
}

impl fmt::Display for ErrorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

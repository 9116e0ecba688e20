//! What is wrong with TLS, on either side of the gateway.

use super::kinds;

kinds! {}

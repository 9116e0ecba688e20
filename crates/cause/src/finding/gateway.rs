//! What is wrong with the gateway and its configuration.

use super::kinds;

kinds! {}

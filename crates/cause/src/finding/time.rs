//! What is wrong with deadlines and idle connections.

use super::kinds;

kinds! {}

//! What is wrong with a machine.

use super::kinds;

kinds! {}

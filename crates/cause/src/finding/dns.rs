//! What is wrong with names.

use super::kinds;

kinds! {}

//! What is wrong with answers.

use super::kinds;

kinds! {}

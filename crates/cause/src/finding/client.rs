//! What is wrong on the visitor's side.

use super::kinds;

kinds! {}

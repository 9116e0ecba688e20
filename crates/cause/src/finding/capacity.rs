//! What is too little.

use super::kinds;

kinds! {}

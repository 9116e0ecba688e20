//! Fields that a gateway reads and writes itself: lists, `Via`, `Forwarded`, `X-Forwarded-For`, `Proxy-Status`.
//!
//! Reading is lenient and never fails: what cannot be understood is passed over. Writing always gives valid fields,
//! whatever the texts contain.

pub mod forwarded;
pub mod list;
pub mod proxy_status;
pub mod structured;
pub mod upgrade;
pub mod via;
pub mod x_forwarded_for;

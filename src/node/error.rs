//! The one conversion of errors. JavaScript wraps what it gets in a `LeakguardError` with a code.

use napi::Status;

use crate::error::{Error, Kind};
use crate::guard::phrase::printable;

/// The core's error as a JavaScript exception: plain message, without the escape sequences of the input that it
/// quotes, `InvalidArg` for the caller's mistakes.
// By value, because it is made for `map_err`.
#[allow(clippy::needless_pass_by_value)]
pub(super) fn to_js(error: Error) -> napi::Error {
    let status = match error.kind() {
        Kind::InvalidInput | Kind::Unreadable | Kind::UnknownSlot | Kind::UnknownSite => {
            Status::InvalidArg
        }
        Kind::Busy | Kind::Internal => Status::GenericFailure,
    };
    napi::Error::new(status, printable(&error.to_string()))
}

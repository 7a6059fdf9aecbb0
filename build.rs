//! Tells the linker how an addon finds Node's symbols. Nothing to do for the core alone.

fn main() {
    if std::env::var_os("CARGO_FEATURE_NODE").is_some() {
        napi_build::setup();
    }
}

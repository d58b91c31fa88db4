//! The gateway.

/// Frees memory back sooner, and allocates faster from many threads, than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    poligon_gateway::run()
}

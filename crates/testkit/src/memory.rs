//! How much memory a test takes, with everything that runs in it. Linux tells; elsewhere it is nothing.

/// The most memory that this process has held since [`reset_peak`], in bytes.
pub fn peak() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// Begins to measure anew from what is held now; answers that.
pub fn reset_peak() -> u64 {
    if cfg!(target_os = "linux") {
        std::fs::write("/proc/self/clear_refs", "5").expect("Linux");
    }
    peak()
}

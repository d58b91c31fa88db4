//! What password hashing alone costs here: hashes a second of bcrypt at the default cost, on every core, for five
//! seconds. `tests/load/accounts.py` compares logins with it.
#![allow(clippy::disallowed_methods)] // a measurement, not the product

use std::time::{Duration, Instant};

use poligon_core::config::SecurityConfig;

fn main() {
    let cost = SecurityConfig::default().bcrypt_cost;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let begun = Instant::now();
    let hash = move || {
        let mut done = 0_u32;
        while begun.elapsed() < Duration::from_secs(5) && bcrypt::hash("correct horse battery", cost).is_ok() {
            done += 1;
        }
        done
    };
    let threads: Vec<_> = (0..cores).map(|_| std::thread::spawn(hash)).collect();
    let done: u32 = threads.into_iter().filter_map(|thread| thread.join().ok()).sum();
    println!("{:.2} hashes/s", f64::from(done) / begun.elapsed().as_secs_f64());
}

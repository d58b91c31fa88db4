//! Builds again when a migration is added: the steps are embedded at compile time.
fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}

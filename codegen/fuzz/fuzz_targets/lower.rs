//! The target `lower`; its body says what holds.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| flaresmith_codegen_fuzz::lower(bytes));

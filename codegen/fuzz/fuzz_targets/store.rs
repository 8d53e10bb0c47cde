//! What the target `store` writes; the body says what holds.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    flaresmith_codegen_fuzz::emit(&["store"], bytes);
});

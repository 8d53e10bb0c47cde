//! Real contracts, read whole. They are not part of the repository: `FLARESMITH_CORPUS` names their folder; without it there
//! is nothing to compare and the test says so.

use flaresmith_codegen::diagnostics::Severity;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;

#[test]
fn every_real_contract_becomes_a_model() {
    let Ok(folder) = std::env::var("FLARESMITH_CORPUS") else {
        println!("FLARESMITH_CORPUS is not set: no real contracts to read, nothing was compared");
        return;
    };
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".md") {
            continue;
        }
        let mut sources = Sources::default();
        sources.insert(&name, std::fs::read(&path).unwrap());
        let settings = Settings {
            contracts: vec![name.clone()],
            ..Settings::default()
        };
        let start = std::time::Instant::now();
        let made = flaresmith_codegen::compile(&sources, &settings, &Default::default());
        println!(
            "{name}: {:?} {} operations {} types {} artifacts {} diagnostics",
            start.elapsed(),
            made.model.operations.len(),
            made.model.types.len(),
            made.artifacts.len(),
            made.diagnostics.len()
        );
        for found in made.diagnostics.iter().take(12) {
            println!(
                "   {} {} {:?}",
                found.code.id,
                found.message,
                found.place.as_ref().map(|place| &place.at)
            );
        }
        assert!(
            !made.diagnostics.iter().any(|found| found.severity == Severity::Error),
            "{name}"
        );
        read += 1;
    }
    assert!(read > 0, "the folder of FLARESMITH_CORPUS has no contracts");
}

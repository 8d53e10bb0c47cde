//! Taking time: criterion's statistics, and from the same samples a table of ratios to the floor.
//!
//! Owns: how long is measured and how results are told. Must not know: what is measured.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};

/// Name of the phase that every other is compared with.
const FLOOR: &str = "floor";

/// Runs phases and remembers what each took.
pub(crate) struct Watch {
    criterion: Criterion,
    rows: Vec<Row>,
}

/// The samples of one phase.
struct Row {
    project: String,
    phase: String,
    /// Nanoseconds of one run, a number a sample.
    samples: Vec<f64>,
}

impl Row {
    /// The fastest sample: whatever else the machine does can only add to it.
    fn best(&self) -> Option<f64> {
        self.samples.iter().copied().min_by(f64::total_cmp)
    }
}

impl Watch {
    /// Follows the command line: filters, `--list`, `--save-baseline` and the like.
    pub(crate) fn new() -> Self {
        let criterion = Criterion::default()
            .sample_size(10)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_millis(1500))
            .configure_from_args();
        Self {
            criterion,
            rows: Vec::new(),
        }
    }

    /// Measures what every phase of a project is compared with.
    pub(crate) fn floor<O>(&mut self, project: &str, run: impl FnMut() -> O) {
        self.phase(project, FLOOR, run);
    }

    /// Measures a phase. What it returns is dropped outside of the measured time.
    pub(crate) fn phase<O>(&mut self, project: &str, phase: &str, mut run: impl FnMut() -> O) {
        self.prepared_phase(project, phase, || (), |()| run());
    }

    /// Measures a phase that needs something made before each run, which does not count.
    pub(crate) fn prepared_phase<I, O>(
        &mut self,
        project: &str,
        phase: &str,
        mut prepare: impl FnMut() -> I,
        mut run: impl FnMut(&mut I) -> O,
    ) {
        let mut samples = Vec::new();
        let mut group = self.criterion.benchmark_group(project);
        // Every sample has as many runs as any other: phases that take long are not run more and more often.
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function(phase, |bencher| {
            bencher.iter_custom(|runs| {
                let mut taken = Duration::ZERO;
                for _ in 0..runs {
                    let mut prepared = prepare();
                    let start = Instant::now();
                    let made = black_box(run(&mut prepared));
                    taken += start.elapsed();
                    drop(made);
                }
                samples.push(taken.as_nanos() as f64 / runs.max(1) as f64);
                taken
            });
        });
        group.finish();
        self.rows.push(Row {
            project: project.to_owned(),
            phase: phase.to_owned(),
            samples,
        });
    }

    /// Prints the table. Phases that a filter left out are not in it.
    pub(crate) fn end(self) {
        self.criterion.final_summary();
        let measured = |row: &&Row| !row.samples.is_empty();
        if !self.rows.iter().any(|row| measured(&row)) {
            return;
        }
        println!("| contract | phase | best | times the floor |");
        println!("|---|---|--:|--:|");
        for row in self.rows.iter().filter(measured) {
            let floor = self
                .rows
                .iter()
                .find(|one| one.project == row.project && one.phase == FLOOR);
            let Some(best) = row.best() else { continue };
            let ratio = match floor.and_then(Row::best) {
                Some(floor) => format!("{:.2}", best / floor),
                None => format!("measure `{}/{FLOOR}` too", row.project),
            };
            println!("| {} | {} | {:.2} ms | {ratio} |", row.project, row.phase, best / 1e6);
        }
    }
}

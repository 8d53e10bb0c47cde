//! Waiting between tries of what may pass.
//!
//! Owns: how long (FR-032: full jitter below 100, 200, 400, 800 and 1600 ms). Must not know: what is tried.

use std::time::Duration;

use flaresmith_api::errors::{ErrorCode, Failure};

/// The longest waits before the tries that follow the first, in milliseconds.
const LONGEST: [u64; 5] = [100, 200, 400, 800, 1600];

/// The waits before the tries that follow the first; when they end, nothing is tried again. Each is of random length, so that those
/// who failed together do not come back together.
pub(crate) fn waits() -> impl Iterator<Item = Duration> {
    // Without randomness from the system the longest is as good as any.
    let drawn = |longest| getrandom::u64().map_or(longest, |drawn| drawn % (longest + 1));
    LONGEST
        .into_iter()
        .map(move |longest| Duration::from_millis(drawn(longest)))
}

/// Does something, again after each wait for as long as it fails with this code.
pub(crate) async fn persist<T, F>(code: ErrorCode, mut work: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut waits = waits();
    loop {
        match (work().await, waits.next()) {
            (Err(failure), Some(wait)) if failure.code() == code => tokio::time::sleep(wait).await,
            (done, _) => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_five_waits_none_longer_than_it_may_be() {
        for _ in 0..100 {
            let drawn: Vec<u64> = waits().map(|wait| u64::try_from(wait.as_millis()).unwrap()).collect();
            assert_eq!(drawn.len(), LONGEST.len());
            assert!(
                drawn.iter().zip(LONGEST).all(|(drawn, longest)| *drawn <= longest),
                "{drawn:?}"
            );
        }
    }
}

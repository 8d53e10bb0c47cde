//! What holds of traces and their parts.

use futures_util::FutureExt as _;

use super::*;

type Kept = Arc<Mutex<Vec<(Vec<Span>, bool)>>>;

fn tracer(rate: f64) -> (Tracer, Kept) {
    let kept = Kept::default();
    let into = Arc::clone(&kept);
    let sink: Sink = Arc::new(move |spans, critical| into.lock().unwrap().push((spans, critical)));
    (Tracer::new(rate, Some(sink), None), kept)
}

fn parent(sampled: bool) -> Parent {
    Parent {
        trace: [7; 16],
        span: [9; 8],
        sampled,
        state: Some(HeaderValue::from_static("a=1")),
    }
}

/// Begins a trace for a caller who is known and says what it wants.
fn begun(tracer: &Tracer, sampled: bool) -> Root {
    let root = tracer.begin(Some(parent(sampled)), None, Kind::Server);
    root.place().clone().scope(async { believed() }).now_or_never().unwrap();
    root
}

#[test]
fn a_share_of_traces_is_kept_and_every_one_that_fails() {
    let (tracer, kept) = tracer(0.05);
    for _ in 0..4000 {
        tracer.begin(None, None, Kind::Server).end(End::default());
    }
    let share = kept.lock().unwrap().len();
    assert!((100..=320).contains(&share), "{share} of 4000");
    kept.lock().unwrap().clear();
    for _ in 0..50 {
        begun(&tracer, false).end(End::default());
        // A stranger decides nothing.
        let stranger = Parent {
            trace: [0xff; 16],
            ..parent(true)
        };
        tracer.begin(Some(stranger), None, Kind::Server).end(End::default());
    }
    assert!(kept.lock().unwrap().is_empty());
    begun(&tracer, true).end(End::default());
    let failed = End {
        failed: true,
        critical: true,
        ..End::default()
    };
    begun(&tracer, false).end(failed);
    let kept = kept.lock().unwrap();
    assert_eq!(
        kept.iter().map(|(_, critical)| *critical).collect::<Vec<_>>(),
        [false, true]
    );
    assert_eq!(kept[0].0[0].parent, Some([9; 8]));
}

#[tokio::test]
async fn parts_stand_below_what_they_are_part_of_also_in_other_tasks_and_threads() {
    let (tracer, kept) = tracer(1.0);
    let root = tracer.begin(Some(parent(true)), None, Kind::Server);
    let work = async {
        within("outer", Kind::Client, Vec::new(), async {
            let headers = outgoing();
            let said = headers[0].1.to_str().unwrap().to_owned();
            assert!(said.starts_with("00-07070707070707070707070707070707-") && said.ends_with("-01"));
            assert_eq!(headers[1].1, "a=1");
            note("integration.correlation_id", "abc");
            let place = here();
            let told = here().unwrap().span_id();
            assert!(said.contains(&told));
            tokio::spawn(carried(place.clone(), async {
                within("inner", Kind::Internal, Vec::new(), async { Err::<(), ()>(()) }).await
            }))
            .await
            .unwrap()
            .unwrap_err();
            let blocking = move || carried_over(place, || phase("thread", || Ok::<(), ()>(())));
            tokio::task::spawn_blocking(blocking).await.unwrap()
        })
        .await
    };
    root.place().clone().scope(work).await.unwrap();
    root.end(End::default());
    let kept = kept.lock().unwrap();
    let spans = &kept[0].0;
    let of = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let outer = of("outer");
    assert_eq!(outer.parent, Some(of("").id));
    assert_eq!(of("inner").parent, Some(outer.id));
    assert_eq!(of("thread").parent, Some(outer.id));
    assert!(of("inner").failed && !outer.failed);
    assert_eq!(
        outer.attributes,
        [("integration.correlation_id", Value::Text("abc".into()))]
    );
    assert!(spans.iter().all(|span| span.trace == [7; 16]));
}

#[tokio::test]
async fn what_ends_after_its_root_shares_its_fate() {
    for (sampled, late) in [(true, 2), (false, 0)] {
        let (tracer, kept) = tracer(0.0);
        let root = begun(&tracer, sampled);
        let place = root.place().clone();
        root.end(End::default());
        let work = within("late", Kind::Internal, Vec::new(), async { Ok::<(), ()>(()) });
        place.scope(work).await.unwrap();
        assert_eq!(kept.lock().unwrap().len(), late);
    }
}

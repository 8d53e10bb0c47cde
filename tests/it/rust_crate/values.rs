//! What the generated crate reads, refuses and writes.

use serde_json::{Value, json};
use tricky_api::lifecycles::{JobEvent, JobLifecycle, Lifecycle};
use tricky_api::validate::{Validate, Violation, check, parse};
use tricky_api::{schemas, types};

fn thing(more: Value) -> Value {
    let mut value = json!({"type": "thing", "note": null, "big": 18_446_744_073_709_551_615_u64});
    let (Value::Object(members), Value::Object(more)) = (&mut value, more) else { panic!("objects are merged") };
    members.extend(more);
    value
}

/// Pointer and keyword of everything that is wrong.
#[track_caller]
fn refused(more: Value, expected: &[(&str, &str)]) {
    let found = types::Thing::parse(thing(more)).expect_err("must be refused");
    let found: Vec<(&str, &str)> = found.iter().map(|found| (found.pointer.as_str(), found.keyword.as_str())).collect();
    assert_eq!(found, expected);
}

/// It is accepted, and written as it was read.
#[track_caller]
fn kept(more: Value) -> types::Thing {
    let value = thing(more);
    let read = types::Thing::parse(value.clone()).unwrap_or_else(|found: Vec<Violation>| panic!("{found:?}"));
    assert_eq!(serde_json::to_value(&read).unwrap(), value);
    assert_eq!(read.validate(), Ok(()));
    read
}

#[test]
fn absence_null_and_a_value_are_three_things() {
    assert_eq!(kept(json!({})).comment, None);
    assert_eq!(kept(json!({"comment": null})).comment, Some(None));
    assert_eq!(kept(json!({"comment": "x"})).comment, Some(Some("x".to_owned())));
    assert_eq!(kept(json!({"any": null})).any, Some(Value::Null));
    assert_eq!(kept(json!({"nothing": null})).nothing, Some(()));
    assert_eq!(kept(json!({"mixed": null})).mixed.map(|value| serde_json::to_value(value).unwrap()), Some(Value::Null));
}

#[test]
fn a_required_field_may_be_null_but_not_absent() {
    let found = types::Thing::parse(json!({"type": "thing", "big": 1})).unwrap_err();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].pointer.as_str(), found[0].keyword.as_str()), ("/note", "required"));
    assert!(serde_json::from_value::<types::Thing>(json!({"type": "thing", "big": 1})).is_err());
}

#[test]
fn fields_of_answers_are_not_asked_of_requests() {
    assert_eq!(kept(json!({})).id, None);
    assert!(kept(json!({"id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"})).id.is_some());
}

#[test]
fn every_violation_is_told_with_its_place() {
    refused(
        json!({
            "type": "other", "note": "éééé", "big": -1, "small": 2_147_483_648_u64, "never": 1, "unknown~/": 1,
            "price": 0.001, "tags": ["A", "A", "b", "Ax"], "labels": {"A": 1, "b": "x", "c": 3},
        }),
        &[
            ("/type", "const"),
            ("/note", "maxLength"),
            ("/big", "minimum"),
            ("/small", "format"),
            ("/never", "not"),
            ("/price", "multipleOf"),
            ("/tags", "uniqueItems"),
            ("/tags/2", "pattern"),
            ("/tags/3", "pattern"),
            ("/labels", "maxProperties"),
            ("/labels/A", "propertyNames"),
            ("/labels/b", "type"),
            ("/unknown~0~1", "additionalProperties"),
        ],
    );
}

#[test]
fn numbers_are_numbers_however_they_are_written() {
    let read = types::Thing::parse(thing(json!({"small": 3.0, "price": 4.35}))).unwrap();
    assert_eq!((read.small, read.price, read.big), (Some(3), Some(4.35), u64::MAX));
    refused(json!({"small": 3.5}), &[("/small", "type")]);
    refused(json!({"big": 18_446_744_073_709_551_616.0}), &[("/big", "format")]);
    kept(json!({"mixed": {"k": 1}}));
    refused(json!({"mixed": {"k": 2}}), &[("/mixed", "enum")]);
}

#[test]
fn formats_are_checked() {
    for (field, good, bad) in [
        ("id", "7c9e6679-7425-40de-944b-e07fc1f90ae7", "{7c9e6679-7425-40de-944b-e07fc1f90ae7}"),
        ("at", "2024-02-29T12:00:00.500Z", "2024-02-29 12:00:00Z"),
        ("at", "2016-12-31T23:59:00Z", "2023-02-29T12:00:00Z"),
        ("day", "2024-02-29", "2024-2-29"),
        ("span", "P1DT0.5S", "P1S"),
        ("mail", "a.b+c@example.com", "a@b@c"),
        ("data", "aGVsbG8=", "a-b"),
    ] {
        kept(json!({field: good}));
        refused(json!({field: bad}), &[(&format!("/{field}"), "format")]);
    }
    for odd in ["2024-01-01t00:00:00z", "2016-12-31T23:59:60Z", "0000-01-01T00:00:00-00:00", "2024-01-01T00:00:00.1234567890123+23:59"] {
        // Accepted by RFC 3339, so it must be read too.
        let found = check(&schemas::THING, &thing(json!({"at": odd})));
        assert_eq!(found, [], "{odd}");
        assert!(types::Thing::parse(thing(json!({"at": odd}))).is_ok(), "{odd}");
    }
    assert_eq!(kept(json!({"data": "aGVsbG8="})).data.unwrap().0, b"hello");
    let moved = types::Thing::parse(thing(json!({"at": "2024-01-01T01:00:00+02:00"}))).unwrap();
    assert_eq!(serde_json::to_value(moved.at).unwrap(), json!("2023-12-31T23:00:00Z"));
}

#[test]
fn tuples_are_tuples_only_when_they_are_complete() {
    assert_eq!(kept(json!({"pair": ["a", 1]})).pair, Some(("a".to_owned(), 1)));
    refused(json!({"pair": ["a"]}), &[("/pair", "minItems")]);
    refused(json!({"pair": ["a", 1, 2]}), &[("/pair", "maxItems"), ("/pair/2", "not")]);
    kept(json!({"loose": []}));
    refused(json!({"loose": ["a", "b"]}), &[("/loose/1", "type")]);
}

#[test]
fn recursive_types_hold_themselves() {
    kept(json!({"parent": thing(json!({"parent": thing(json!({}))}))}));
    kept(json!({"tree": {"left": {"left": null, "leaves": [{"left": null}]}}}));
    kept(json!({"nest": [[], [[[]]]]}));
    refused(json!({"tree": {"left": {"left": {}}}}), &[("/tree/left/left/left", "required")]);
}

#[test]
fn a_tag_selects_the_variant() {
    let cat = kept(json!({"pet": {"kind": "cat", "lives": 9}}));
    assert!(matches!(cat.pet, Some(types::Pet::Cat(_))));
    // The contract's dog does not know its own tag: it is read past, and written all the same.
    kept(json!({"pet": {"kind": "dog", "friend": {"kind": "cat"}}}));
    refused(json!({"pet": {"kind": "cow"}}), &[("/pet/kind", "enum")]);
    refused(json!({"pet": {}}), &[("/pet/kind", "required")]);
    refused(json!({"pet": {"kind": "dog", "tail": 1}}), &[("/pet/tail", "additionalProperties")]);
    refused(json!({"pet": {"kind": "dog", "friend": {"kind": "cat", "lives": "x"}}}), &[("/pet/friend/lives", "type")]);
}

#[test]
fn one_of_several_is_exactly_one() {
    kept(json!({"one": {"a": 1}}));
    kept(json!({"one": "ab"}));
    refused(json!({"one": {"a": 1, "b": 2}}), &[("/one", "oneOf")]);
    refused(json!({"one": "a"}), &[("/one", "minLength")]);
    refused(json!({"one": {"a": "x"}}), &[("/one", "oneOf"), ("/one/a", "type")]);
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", kept(json!({"token": "hunter2", "password": "hunter2"})));
    assert!(!shown.contains("hunter2") && shown.contains("[hidden]"), "{shown}");
    let found = types::Thing::parse(thing(json!({"data": "hunter2!", "type": "hunter2!"}))).unwrap_err();
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn members_beside_the_fields_are_kept_where_the_contract_says_so() {
    let value = json!({"self": "s", "extra": "e", "more": 1});
    let read = types::String_::parse(value.clone()).unwrap();
    assert_eq!(read.extra.get("more"), Some(&1));
    assert_eq!(serde_json::to_value(&read).unwrap(), value);
    let found = types::String_::parse(json!({"more": "x"})).unwrap_err();
    assert_eq!(found[0].pointer, "/more");
}

#[test]
fn enumerations_know_their_values() {
    for value in types::Self_::ALL {
        assert_eq!(value.as_str().parse::<types::Self_>(), Ok(*value));
        assert_eq!(serde_json::to_value(value).unwrap(), json!(value.as_str()));
    }
    assert!("unknown".parse::<types::Self_>().is_err());
    for value in types::Level::ALL {
        assert_eq!(types::Level::try_from(value.value()), Ok(*value));
        assert_eq!(parse::<types::Level>(&schemas::LEVEL, json!(value.value())).as_ref(), Ok(value));
    }
    assert_eq!(check(&schemas::LEVEL, &json!(4))[0].keyword, "enum");
}

#[test]
fn states_follow_each_other_as_the_contract_says() {
    let job = |value: Value| types::Job::parse(value).unwrap();
    let usual = JobLifecycle::of(&job(json!({"state": "new"})));
    let quick = JobLifecycle::of(&job(json!({"state": "new", "kind": "quick"})));
    assert_eq!((usual, quick), (JobLifecycle::Standard, JobLifecycle::Quick));
    assert_eq!(usual.initial().as_str(), "new");
    assert_eq!(quick.initial().as_str(), "self");
    assert_eq!(usual.next(usual.initial(), JobEvent::Start), Some(quick.initial()));
    assert_eq!(quick.next(usual.initial(), JobEvent::Start), None);
    assert_eq!(usual.events(usual.initial()), [JobEvent::Start, JobEvent::Finish]);
    let done = usual.next(quick.initial(), "finish".parse::<JobEvent>().unwrap()).unwrap();
    assert!(usual.is_final(done) && !usual.permits(done, usual.initial()));
}

#[test]
fn alternatives_inside_alternatives_end() {
    let mut value = json!({"kind": "cat", "lives": "x"});
    for _ in 0..100 {
        value = json!({"kind": "dog", "friend": value});
    }
    assert_eq!(check(&schemas::PET, &value).len(), 1);
    for _ in 0..500 {
        value = json!({"kind": "dog", "friend": value});
    }
    assert_eq!(check(&schemas::PET, &value)[0].keyword, "depth");
    let mut deep = json!([]);
    for _ in 0..5000 {
        deep = Value::Array(vec![deep]);
    }
    assert_eq!(check(&schemas::NEST, &deep)[0].keyword, "depth");
    // Values of serde_json are dropped one inside the other: this one is deeper than a test's stack may like.
    std::mem::forget(deep);
}

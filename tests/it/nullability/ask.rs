//! Asks the generated types of entities about instances: what the checker says, and what the Rust type alone can hold.

use api::validate::Validate;
use serde_json::{Value, json};

fn ask<T: Validate + serde::de::DeserializeOwned>(instance: &Value) -> Value {
    json!({ "parsed": T::parse(instance.clone()).is_ok(), "held": serde_json::from_value::<T>(instance.clone()).is_ok() })
}

fn main() {
    let file = std::env::args().nth(1).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let said = cases.iter().map(|case| answer(case["entity"].as_str().unwrap(), &case["instance"]));
    println!("{}", Value::Array(said.collect()));
}

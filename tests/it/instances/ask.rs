//! Asks generated types about instances: what the checker says, and what the Rust type alone can hold.

use api::validate::{Schema, parse};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn ask<T: DeserializeOwned>(schema: &'static Schema, instance: &Value) -> Value {
    json!({
        "parsed": parse::<T>(schema, instance.clone()).is_ok(),
        "held": serde_json::from_value::<T>(instance.clone()).is_ok(),
    })
}

fn main() {
    let file = std::env::args().nth(1).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let said = cases.iter().map(|case| answer(case["ty"].as_str().unwrap(), &case["instance"]));
    println!("{}", Value::Array(said.collect()));
}

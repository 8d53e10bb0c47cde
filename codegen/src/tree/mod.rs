//! The tree of a document: what YAML and JSON say, without how they say it.
//!
//! Owns: one kind of value for every stage, cheap to copy and to keep. Must not know: any format, what a document means.
//!
//! A copy of a value shares all of it with the value; whoever changes one of them takes a copy of the objects and lists on the way to
//! the change, and no more. So the bundle, what targets make of it and what is kept from round to round share whatever they have in
//! common with what was read, and comparing two that share a part does not look into it.

mod convert;
mod deserialize;
mod list;
mod map;
mod value;

pub use convert::ToValue;
pub use list::List;
pub(crate) use map::FEW;
pub use map::{Entry, Iter, IterMut, Map};
pub use serde_json::Number;
pub use value::Value;

/// A text of a tree. Short ones lie in the value itself.
pub type Text = ecow::EcoString;

/// A value as JSON says it: `json!({"key": [1, variable, null]})`. What stands for a variable or any other expression is copied, not
/// moved. A key that is no literal stands in brackets.
#[macro_export]
macro_rules! json {
    (@members $map:ident) => {};
    (@members $map:ident $key:tt : null $(, $($rest:tt)*)?) => {
        $map.insert($key, $crate::tree::Value::Null);
        $crate::json!(@members $map $($($rest)*)?);
    };
    (@members $map:ident $key:tt : [$($inner:tt)*] $(, $($rest:tt)*)?) => {
        $map.insert($key, $crate::json!([$($inner)*]));
        $crate::json!(@members $map $($($rest)*)?);
    };
    (@members $map:ident $key:tt : {$($inner:tt)*} $(, $($rest:tt)*)?) => {
        $map.insert($key, $crate::json!({$($inner)*}));
        $crate::json!(@members $map $($($rest)*)?);
    };
    (@members $map:ident $key:tt : $value:expr $(, $($rest:tt)*)?) => {
        $map.insert($key, $crate::tree::ToValue::to_value(&$value));
        $crate::json!(@members $map $($($rest)*)?);
    };
    (@items $list:ident) => {};
    (@items $list:ident null $(, $($rest:tt)*)?) => {
        $list.push($crate::tree::Value::Null);
        $crate::json!(@items $list $($($rest)*)?);
    };
    (@items $list:ident [$($inner:tt)*] $(, $($rest:tt)*)?) => {
        $list.push($crate::json!([$($inner)*]));
        $crate::json!(@items $list $($($rest)*)?);
    };
    (@items $list:ident {$($inner:tt)*} $(, $($rest:tt)*)?) => {
        $list.push($crate::json!({$($inner)*}));
        $crate::json!(@items $list $($($rest)*)?);
    };
    (@items $list:ident $value:expr $(, $($rest:tt)*)?) => {
        $list.push($crate::tree::ToValue::to_value(&$value));
        $crate::json!(@items $list $($($rest)*)?);
    };
    (null) => {
        $crate::tree::Value::Null
    };
    ([]) => {
        $crate::tree::Value::Array($crate::tree::List::new())
    };
    ([$($inner:tt)+]) => {{
        let mut list = $crate::tree::List::new();
        $crate::json!(@items list $($inner)+);
        $crate::tree::Value::Array(list)
    }};
    ({}) => {
        $crate::tree::Value::Object($crate::tree::Map::new())
    };
    ({$($inner:tt)+}) => {{
        let mut map = $crate::tree::Map::new();
        $crate::json!(@members map $($inner)+);
        $crate::tree::Value::Object(map)
    }};
    ($value:expr) => {
        $crate::tree::ToValue::to_value(&$value)
    };
}

pub use json;

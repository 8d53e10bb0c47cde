//! What the generator's pure half does with texts, in one program: building and linking one takes a fraction of the time of many.

mod changes;
mod forgiving;
mod fuzz;
mod guards;
mod hostile_contracts;
mod hostile_specs;
mod incremental;
mod incremental_any;
mod incremental_followed;
mod platform_catalog;
mod platform_contract;
mod platform_spec;
mod repository;
mod rules;
mod rust_server;
mod spec_forms;
mod spooled;

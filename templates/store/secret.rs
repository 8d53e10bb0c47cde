//! Values that must not be shown: what is marked as secret in the data model.
//!
//! Owns: that printing one prints nothing of it. Reading one is a call that can be searched for.

use std::fmt;

use sea_orm::sea_query::{ArrayType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, ColumnType, QueryResult, TryGetError, TryGetable, Value};

/// A value that must not be shown or logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

/// A text that must not be shown or logged.
pub type SecretText = Secret<String>;

/// Bytes that must not be shown or logged.
pub type SecretBytes = Secret<Vec<u8>>;

impl<T> Secret<T> {
    /// Takes a value in.
    #[must_use]
    pub fn new(value: impl Into<T>) -> Self {
        Self(value.into())
    }

    /// The value itself.
    #[must_use]
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Into<Value>> From<Secret<T>> for Value {
    fn from(secret: Secret<T>) -> Self {
        secret.0.into()
    }
}

impl<T: TryGetable> TryGetable for Secret<T> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        T::try_get_by(row, index).map(Self)
    }
}

impl<T: ValueType> ValueType for Secret<T> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <T as ValueType>::try_from(value).map(Self)
    }

    fn type_name() -> String {
        T::type_name()
    }

    fn array_type() -> ArrayType {
        T::array_type()
    }

    fn column_type() -> ColumnType {
        T::column_type()
    }

    fn enum_type_name() -> Option<&'static str> {
        T::enum_type_name()
    }
}

impl<T: Nullable> Nullable for Secret<T> {
    fn null() -> Value {
        T::null()
    }
}

impl<T: Into<Value> + Nullable> sea_orm::IntoActiveValue<Secret<T>> for Secret<T> {
    fn into_active_value(self) -> sea_orm::ActiveValue<Self> {
        sea_orm::ActiveValue::Set(self)
    }
}

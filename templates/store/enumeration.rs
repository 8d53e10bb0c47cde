//! How an enumeration is stored: as a value of its own type on Postgres, as a text on SQLite.
//!
//! Owns: what SeaORM asks of a type that a column may have. Its own derive names a second type after the values, which two values
//! that differ in case alone, or one called `self`, do not allow.

/// Makes an enumeration with `ALL` and `as_str` the type of a column. `$name`: what Postgres calls the type.
macro_rules! stored {
    ($type:ident, $name:literal) => {
        impl sea_orm::Iterable for $type {
            type Iterator = std::iter::Copied<std::slice::Iter<'static, Self>>;

            fn iter() -> Self::Iterator {
                Self::ALL.iter().copied()
            }
        }

        impl sea_orm::ActiveEnum for $type {
            type Value = String;
            type ValueVec = Vec<String>;

            fn name() -> sea_orm::sea_query::DynIden {
                $name.into()
            }

            fn to_value(&self) -> String {
                self.as_str().to_owned()
            }

            fn try_from_value(value: &String) -> Result<Self, sea_orm::DbErr> {
                <Self as TryFrom<&str>>::try_from(value.as_str())
            }

            fn db_type() -> sea_orm::ColumnDef {
                let variants = Self::ALL.iter().map(|value| value.as_str().into());
                sea_orm::prelude::ColumnTypeTrait::def(sea_orm::ColumnType::Enum {
                    name: $name.into(),
                    variants: variants.collect(),
                })
            }
        }

        impl TryFrom<&str> for $type {
            type Error = sea_orm::DbErr;

            fn try_from(text: &str) -> Result<Self, sea_orm::DbErr> {
                let found = Self::ALL.iter().copied().find(|value| value.as_str() == text);
                found.ok_or_else(|| sea_orm::DbErr::Type(concat!("not a value of ", $name).to_owned()))
            }
        }

        impl From<$type> for sea_orm::Value {
            fn from(value: $type) -> Self {
                value.as_str().into()
            }
        }

        impl sea_orm::TryGetable for $type {
            fn try_get_by<I: sea_orm::ColIdx>(
                row: &sea_orm::QueryResult,
                index: I,
            ) -> Result<Self, sea_orm::TryGetError> {
                let text = <String as sea_orm::TryGetable>::try_get_by(row, index)?;
                <Self as TryFrom<&str>>::try_from(text.as_str()).map_err(sea_orm::TryGetError::DbErr)
            }
        }

        impl sea_orm::sea_query::ValueType for $type {
            fn try_from(value: sea_orm::Value) -> Result<Self, sea_orm::sea_query::ValueTypeErr> {
                let text = <String as sea_orm::sea_query::ValueType>::try_from(value)?;
                <Self as TryFrom<&str>>::try_from(text.as_str()).map_err(|_| sea_orm::sea_query::ValueTypeErr)
            }

            fn type_name() -> String {
                stringify!($type).to_owned()
            }

            fn array_type() -> sea_orm::sea_query::ArrayType {
                sea_orm::sea_query::ArrayType::String
            }

            fn column_type() -> sea_orm::ColumnType {
                <Self as sea_orm::ActiveEnum>::db_type().get_column_type().to_owned()
            }

            fn enum_type_name() -> Option<&'static str> {
                Some($name)
            }
        }

        impl sea_orm::sea_query::Nullable for $type {
            fn null() -> sea_orm::Value {
                sea_orm::Value::String(None)
            }
        }

        impl sea_orm::IntoActiveValue<$type> for $type {
            fn into_active_value(self) -> sea_orm::ActiveValue<$type> {
                sea_orm::ActiveValue::Set(self)
            }
        }
    };
}

pub(crate) use stored;

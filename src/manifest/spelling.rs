//! Refuses fields of ours in other letters.
//!
//! Go's parser, which Docker and containerd use, takes `Layers` for `layers`; serde passes over it. What one client does
//! not see and another one obeys makes two images of one digest (CVE-2021-41190).

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The fields that decide what is pulled.
const FIELDS: [&str; 14] = [
    "schemaVersion",
    "mediaType",
    "artifactType",
    "config",
    "layers",
    "manifests",
    "digest",
    "size",
    "annotations",
    "platform",
    "architecture",
    "os",
    "os.version",
    "variant",
];

/// Fails if the document, which must be an object, has such a field where a field of ours could stand.
pub(super) fn check(bytes: &[u8]) -> serde_json::Result<()> {
    serde_json::Deserializer::from_slice(bytes).deserialize_map(Letters)
}

/// Walks through an object and those of its fields that hold fields of ours.
#[derive(Clone, Copy)]
struct Letters;

impl<'de> Visitor<'de> for Letters {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if let Some(field) = FIELDS.iter().find(|field| **field != key && folded(field).eq(folded(&key))) {
                return Err(A::Error::custom(format!("field {key:?} is {field:?} in other letters")));
            }
            match key.as_str() {
                "config" | "layers" | "manifests" | "platform" => map.next_value_seed(self)?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    // Of the right type or not: that is for the real reading to say.
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Letters {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// By way of upper case, which also brings `ſ` and the Kelvin sign home.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

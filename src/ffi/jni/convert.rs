//! Between Java's arrays and strings, and ours. Local references made in a loop are given back in it: a native method
//! is promised room for sixteen.

use jni::Env;
use jni::jni_str;
use jni::objects::{JByteArray, JLongArray, JObject, JObjectArray};

use super::throw::Failure;
use crate::error::{Error, Result};
use crate::pull::Pulled;

/// A copy of a Java `byte[]`.
pub(super) fn bytes(env: &mut Env<'_>, array: &JByteArray<'_>, what: &str) -> std::result::Result<Vec<u8>, Failure> {
    if array.is_null() {
        return Err(Error::invalid(format!("{what} is null")).into());
    }
    Ok(env.convert_byte_array(array)?)
}

/// The text in a Java `byte[]` with UTF-8.
pub(super) fn text(env: &mut Env<'_>, array: &JByteArray<'_>, what: &str) -> std::result::Result<String, Failure> {
    // The error does not show the bytes: they may be a secret.
    let text =
        String::from_utf8(bytes(env, array, what)?).map_err(|_| Error::invalid(format!("{what} is not UTF-8")))?;
    Ok(text)
}

/// Gives the keys and values that alternate in a Java `byte[][]` to `set`.
pub(super) fn pairs(
    env: &mut Env<'_>,
    array: &JObjectArray<'_, JByteArray<'_>>,
    what: &str,
    mut set: impl FnMut(&str, &str) -> Result<()>,
) -> std::result::Result<(), Failure> {
    let texts = texts(env, array, what)?;
    if texts.len() % 2 != 0 {
        return Err(Error::invalid(format!("{what}: the last key has no value")).into());
    }
    for pair in texts.chunks_exact(2) {
        set(&pair[0], &pair[1])?;
    }
    Ok(())
}

/// The texts in a Java `byte[][]` with UTF-8.
pub(super) fn texts(
    env: &mut Env<'_>,
    array: &JObjectArray<'_, JByteArray<'_>>,
    what: &str,
) -> std::result::Result<Vec<String>, Failure> {
    if array.is_null() {
        return Err(Error::invalid(format!("{what} is null")).into());
    }
    let mut texts = Vec::new();
    for index in 0..array.len(env)? {
        let element = array.get_element(env, index)?;
        texts.push(text(env, &element, what)?);
        env.delete_local_ref(element);
    }
    Ok(texts)
}

/// A Java `String[]`.
///
/// `JObjectArray::<JString>::new` would ask the thread's context class loader for `String`, which is Java code.
pub(super) fn strings<'l>(env: &mut Env<'l>, texts: &[Option<&str>]) -> std::result::Result<JObjectArray<'l>, Failure> {
    let length = i32::try_from(texts.len()).map_err(|_| Error::invalid("too many strings for a Java array"))?;
    let class = env.find_class(jni_str!("java/lang/String"))?;
    let array = env.new_object_array(length, &class, JObject::null())?;
    env.delete_local_ref(class);
    for (index, text) in texts.iter().enumerate() {
        if let Some(text) = text {
            let string = env.new_string(text)?;
            array.set_element(env, index, &string)?;
            env.delete_local_ref(string);
        }
    }
    Ok(array)
}

/// A Java `long[]`; what Java cannot count becomes its highest number.
pub(super) fn longs<'l>(
    env: &mut Env<'l>,
    numbers: impl Iterator<Item = u64>,
) -> std::result::Result<JLongArray<'l>, Failure> {
    let numbers: Vec<i64> = numbers.map(|number| i64::try_from(number).unwrap_or(i64::MAX)).collect();
    let array = JLongArray::new(env, numbers.len())?;
    array.set_region(env, 0, &numbers)?;
    Ok(array)
}

/// What `Native.pull` returns.
pub(super) fn pulled<'l>(env: &mut Env<'l>, pulled: &Pulled) -> std::result::Result<JObjectArray<'l>, Failure> {
    let platform = &pulled.platform;
    let saved_path = pulled.saved_path.to_string_lossy();
    let os_features = platform.os_features.join(",");
    let size = pulled.size.to_string();
    strings(
        env,
        &[
            Some(&saved_path),
            Some(pulled.digest.as_str()),
            pulled.tag.as_deref(),
            pulled.index_digest.as_ref().map(crate::digest::Digest::as_str),
            Some(pulled.config_digest.as_str()),
            Some(&platform.os),
            Some(&platform.architecture),
            platform.variant.as_deref(),
            platform.os_version.as_deref(),
            Some(os_features.as_str()).filter(|features| !features.is_empty()),
            Some(&size),
        ],
    )
}

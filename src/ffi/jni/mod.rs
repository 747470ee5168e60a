//! The native methods of the Java class `com.salesforce.multicloudj.registry.internal.Native`.
//!
//! Each is a shell around a function that returns a `Result`; [`throw::Throw`] makes an exception of what goes wrong.
//! Java holds its objects as numbers of the table in [`handles`]. Paths and secrets cross as bytes, because JNI's own
//! strings garble what Java allows in them. Never here: a global reference to one of our classes (it would keep the
//! class loader alive for ever), an attached thread, or a class looked up anywhere but in the loader of `Native`.
#![expect(unsafe_code, reason = "exporting a function under a name that Java looks up is an unsafe attribute")]

mod convert;
mod front;
#[cfg(test)]
mod tests;
mod throw;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use jni::EnvUnowned;
use jni::objects::{JByteArray, JClass, JObject, JObjectArray, JString};
use jni::sys::jlong;
use tokio_util::sync::CancellationToken;

use self::front::JavaFront;
use self::throw::{Failure, Throw};
use super::{handles, pump};
use crate::error::{Error, Result};
use crate::settings::{PullOptions, Settings};
use crate::{Client, runtime};

/// `static native String version()`
#[unsafe(no_mangle)]
extern "system" fn Java_com_salesforce_multicloudj_registry_internal_Native_version<'l>(
    mut env: EnvUnowned<'l>,
    _class: JClass<'l>,
) -> JString<'l> {
    env.with_env(|env| -> std::result::Result<_, Failure> { Ok(env.new_string(crate::VERSION)?) }).resolve::<Throw>()
}

/// `static native long clientCreate(byte[][] settings)`
#[unsafe(no_mangle)]
extern "system" fn Java_com_salesforce_multicloudj_registry_internal_Native_clientCreate<'l>(
    mut env: EnvUnowned<'l>,
    _class: JClass<'l>,
    settings: JObjectArray<'l, JByteArray<'l>>,
) -> jlong {
    env.with_env(|env| -> std::result::Result<_, Failure> {
        let mut parsed = Settings::default();
        convert::pairs(env, &settings, "settings", |key, value| parsed.set(key, value))?;
        parsed.inherit(|name| std::env::var(name).ok());
        Ok(to_java(handles::insert(Client::new(&parsed)?)))
    })
    .resolve::<Throw>()
}

/// `static native void clientClose(long client)`
#[unsafe(no_mangle)]
extern "system" fn Java_com_salesforce_multicloudj_registry_internal_Native_clientClose<'l>(
    mut env: EnvUnowned<'l>,
    _class: JClass<'l>,
    client: jlong,
) {
    env.with_env(|_| -> std::result::Result<_, Failure> { Ok(handles::remove::<Client>(from_java(client)?)?) })
        .resolve::<Throw>();
}

/// `static native long cancelCreate()`
#[unsafe(no_mangle)]
extern "system" fn Java_com_salesforce_multicloudj_registry_internal_Native_cancelCreate<'l>(
    mut env: EnvUnowned<'l>,
    _class: JClass<'l>,
) -> jlong {
    env.with_env(|_| -> std::result::Result<_, Failure> { Ok(to_java(handles::insert(CancellationToken::new()))) })
        .resolve::<Throw>()
}

/// `static native void cancelTrigger(long cancel)`
#[unsafe(no_mangle)]
extern "system" fn Java_com_salesforce_multicloudj_registry_internal_Native_cancelTrigger<'l>(
    mut env: EnvUnowned<'l>,
    _class: JClass<'l>,
    cancel: jlong,
) {
    env.with_env(|_| -> std::result::Result<_, Failure> {
        match handles::get::<CancellationToken>(from_java(cancel)?) {
            Ok(token) => token.cancel(),
            // The pull has ended and its handle with it: too late, which is no mistake of the caller's.
            Err(error) if error.kind() == crate::ErrorKind::Closed => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    })
    .resolve::<Throw>();
}

/// `static native void cancelClose(long cancel)`
#[unsafe(no_mangle)]
extern "system" fn Java_com_salesforce_multicloudj_registry_internal_Native_cancelClose<'l>(
    mut env: EnvUnowned<'l>,
    _class: JClass<'l>,
    cancel: jlong,
) {
    env.with_env(|_| -> std::result::Result<_, Failure> {
        Ok(handles::remove::<CancellationToken>(from_java(cancel)?)?)
    })
    .resolve::<Throw>();
}

/// `static native String[] pull(long client, long cancel, byte[] reference, byte[] destination, byte[][] options,
/// Upcalls upcalls)`
#[unsafe(no_mangle)]
extern "system" fn Java_com_salesforce_multicloudj_registry_internal_Native_pull<'l>(
    mut env: EnvUnowned<'l>,
    _class: JClass<'l>,
    client: jlong,
    cancel: jlong,
    reference: JByteArray<'l>,
    destination: JByteArray<'l>,
    options: JObjectArray<'l, JByteArray<'l>>,
    upcalls: JObject<'l>,
) -> JObjectArray<'l> {
    env.with_env(|env| -> std::result::Result<_, Failure> {
        let mut parsed = PullOptions::default();
        convert::pairs(env, &options, "options", |key, value| parsed.set(key, value))?;
        let order = pump::Order {
            client: handles::get(from_java(client)?)?,
            reference: convert::text(env, &reference, "reference")?,
            destination: PathBuf::from(OsString::from_vec(convert::bytes(env, &destination, "destination")?)),
            options: parsed,
            cancel: if cancel == 0 { None } else { Some(handles::get(from_java(cancel)?)?) },
        };
        let mut front = JavaFront::new(env, &upcalls, &order.reference)?;
        let pulled = pump::run(order, &mut front)?;
        convert::pulled(env, &pulled)
    })
    .resolve::<Throw>()
}

/// `static native long liveHandles()`
#[unsafe(no_mangle)]
extern "system" fn Java_com_salesforce_multicloudj_registry_internal_Native_liveHandles<'l>(
    mut env: EnvUnowned<'l>,
    _class: JClass<'l>,
) -> jlong {
    env.with_env(|_| -> std::result::Result<_, Failure> { Ok(jlong::try_from(handles::live()).unwrap_or(jlong::MAX)) })
        .resolve::<Throw>()
}

/// The JVM calls this when the class loader of `Native` has been collected; the arguments are not needed.
///
/// No pull can be running: the frame of one would have kept the class, and so its loader, alive. The library itself
/// stays mapped (`-z nodelete`), because the runtime's threads may still be on their way out.
#[unsafe(no_mangle)]
extern "system" fn JNI_OnUnload(_vm: *mut jni::sys::JavaVM, _reserved: *mut std::ffi::c_void) {
    let stopped = super::guard::guard(|| {
        runtime::shut_down();
        Ok(())
    });
    // There is nobody left to tell; the panic hook has printed it.
    drop(stopped);
}

fn to_java(number: u64) -> jlong {
    // Numbers count from 1; the sign bit would take 292 years at one per nanosecond.
    jlong::try_from(number).unwrap_or(jlong::MAX)
}

fn from_java(number: jlong) -> Result<u64> {
    u64::try_from(number).map_err(|_| Error::invalid(format!("{number} is no handle")))
}

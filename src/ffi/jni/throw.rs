//! How a failure becomes a Java exception.
//!
//! The rules: what Java code threw stays what it is, the same object; our own errors become `NativeException`, and
//! should that be impossible a `RuntimeException` with both texts. An exception that is already pending is never
//! replaced (JNI would do so without a word).
#![expect(unsafe_code, reason = "turning an object into a throwable is unchecked in the jni crate's raw constructor")]

use std::any::Any;

use jni::errors::ErrorPolicy;
use jni::objects::{JObject, JThrowable};
use jni::{Env, JValue, jni_sig, jni_str};

use super::super::guard;
use super::convert;
use crate::error::{Error, ErrorKind};

/// Why a native method ends early.
pub(super) enum Failure {
    /// An error of the engine or of this boundary.
    Engine(Error),
    /// Java code threw: the exception is pending, and Java gets it when the native method returns.
    Pending,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<jni::errors::Error> for Failure {
    fn from(error: jni::errors::Error) -> Self {
        match error {
            jni::errors::Error::JavaException => Self::Pending,
            // As text only: the error may hold a global reference.
            error => Self::Engine(Error::new(ErrorKind::Internal, format!("call into the JVM: {error}"))),
        }
    }
}

/// Throws what a native method failed with, and lets it return 0 or null, which Java does not get to see.
pub(super) struct Throw;

impl<T: Default> ErrorPolicy<T, Failure> for Throw {
    type Captures<'env: 'method, 'method> = ();

    fn on_error<'env: 'method, 'method>(
        env: &mut Env<'env>,
        _captures: &mut (),
        failure: Failure,
    ) -> jni::errors::Result<T> {
        match failure {
            Failure::Engine(error) => throw(env, &error),
            Failure::Pending if env.exception_check() => {}
            Failure::Pending => throw(env, &Error::new(ErrorKind::Internal, "an exception got lost in native code")),
        }
        Ok(T::default())
    }

    fn on_panic<'env: 'method, 'method>(
        env: &mut Env<'env>,
        _captures: &mut (),
        payload: Box<dyn Any + Send>,
    ) -> jni::errors::Result<T> {
        throw(env, &guard::panicked(payload));
        Ok(T::default())
    }
}

/// Leaves an exception pending.
fn throw(env: &mut Env<'_>, error: &Error) {
    if env.exception_check() {
        return;
    }
    let Err(problem) = native_exception(env, error).and_then(|exception| Ok(env.throw(exception)?)) else {
        return;
    };
    if env.exception_check() {
        // It worked (the jni crate reports success as an error), or building the exception threw one of its own, for
        // example an OutOfMemoryError, which is then what there is to say.
        return;
    }
    let problem = match problem {
        Failure::Engine(problem) => problem.to_string(),
        Failure::Pending => "nothing is pending".into(),
    };
    // The last resort: if this fails too, the native method returns null, and the Java side treats that as a bug.
    let _ = runtime_exception(env, &format!("{error} (and NativeException cannot be made: {problem})"))
        .and_then(|exception| Ok(env.throw(exception)?));
}

fn native_exception<'l>(env: &mut Env<'l>, error: &Error) -> Result<JThrowable<'l>, Failure> {
    let class = env.find_class(jni_str!("com/salesforce/multicloudj/registry/internal/NativeException"))?;
    let causes = error.causes();
    let causes: Vec<Option<&str>> = causes.iter().map(|cause| Some(cause.as_str())).collect();
    let causes = convert::strings(env, &causes)?;
    let message = env.new_string(error.to_string())?;
    let exception = env.new_object(
        &class,
        jni_sig!("(IILjava/lang/String;[Ljava/lang/String;)V"),
        &[
            JValue::Int(error.kind().number()),
            JValue::Int(error.http_status().map_or(0, i32::from)),
            JValue::Object(&message),
            JValue::Object(&causes),
        ],
    )?;
    throwable(env, exception)
}

fn runtime_exception<'l>(env: &mut Env<'l>, message: &str) -> Result<JThrowable<'l>, Failure> {
    let class = env.find_class(jni_str!("java/lang/RuntimeException"))?;
    let message = env.new_string(message)?;
    let exception = env.new_object(&class, jni_sig!("(Ljava/lang/String;)V"), &[JValue::Object(&message)])?;
    throwable(env, exception)
}

/// `object` as a throwable.
///
/// The jni crate's own cast would look `Throwable` up through the thread's context class loader.
fn throwable<'l>(env: &mut Env<'l>, object: JObject<'l>) -> Result<JThrowable<'l>, Failure> {
    let class = env.find_class(jni_str!("java/lang/Throwable"))?;
    if !env.is_instance_of(&object, &class)? {
        return Err(Error::new(ErrorKind::Internal, "the exception's class is no Throwable").into());
    }
    // SAFETY: `object` is a local reference of this very frame, owned here and given up by `into_raw`, and the line
    // above has checked that it is a Throwable.
    Ok(unsafe { JThrowable::from_raw(env, object.into_raw()) })
}

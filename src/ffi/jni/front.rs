//! The upcalls of a pull that Java waits for (`internal.Upcalls`), made on the Java thread that called.
#![expect(
    unsafe_code,
    reason = "the jni crate's checked cast asks the thread's context class loader, which is Java code"
)]

use std::time::Duration;

use jni::objects::{JByteArray, JClass, JObject, JObjectArray};
use jni::{Env, JValue, jni_sig, jni_str};

use super::super::pump::Front;
use super::convert;
use super::throw::Failure;
use crate::error::{Error, ErrorKind};
use crate::redact::{Credential, Secret};
use crate::session::LayerProgress;

/// Room for the local references of one upcall.
const FRAME: usize = 16;

pub(super) struct JavaFront<'a, 'l> {
    env: &'a mut Env<'l>,
    upcalls: &'a JObject<'l>,
    /// `java.lang.Thread`.
    thread: JClass<'l>,
    reference: String,
    /// What the last `progress` told; `None` before `plan`.
    told: Option<Vec<u64>>,
}

impl<'a, 'l> JavaFront<'a, 'l> {
    pub(super) fn new(env: &'a mut Env<'l>, upcalls: &'a JObject<'l>, reference: &str) -> Result<Self, Failure> {
        if upcalls.is_null() {
            return Err(Error::invalid("upcalls is null").into());
        }
        let thread = env.find_class(jni_str!("java/lang/Thread"))?;
        Ok(Self { env, upcalls, thread, reference: reference.into(), told: None })
    }

    fn plan(&mut self, layers: &[LayerProgress]) -> Result<(), Failure> {
        let upcalls = self.upcalls;
        self.env.with_local_frame(FRAME, |env| {
            let digests: Vec<Option<&str>> = layers.iter().map(|layer| Some(layer.digest.as_str())).collect();
            let digests = convert::strings(env, &digests)?;
            let sizes = convert::longs(env, layers.iter().map(|layer| layer.size))?;
            env.call_method(
                upcalls,
                jni_str!("plan"),
                jni_sig!("([Ljava/lang/String;[J)V"),
                &[JValue::Object(&digests), JValue::Object(&sizes)],
            )?;
            Ok(())
        })
    }
}

impl Front for JavaFront<'_, '_> {
    type Failure = Failure;
    const REPORT_EVERY: Duration = Duration::from_millis(100);

    fn poll(&mut self) -> Result<(), Failure> {
        // Static: it asks about the calling thread, and clears the flag.
        let interrupted =
            self.env.call_static_method(&self.thread, jni_str!("interrupted"), jni_sig!("()Z"), &[])?.z()?;
        if interrupted {
            return Err(Error::new(ErrorKind::Interrupted, "the thread was interrupted")
                .context(format_args!("pull {}", self.reference))
                .into());
        }
        Ok(())
    }

    fn too_late(&mut self) {
        // `poll` took the flag away, and no exception will tell of it. Should a call fail, it has thrown, and that is
        // what the native method ends with.
        let _ = self.env.with_local_frame(FRAME, |env| -> Result<(), Failure> {
            let current = jni_sig!("()Ljava/lang/Thread;");
            let thread = env.call_static_method(&self.thread, jni_str!("currentThread"), current, &[])?.l()?;
            env.call_method(&thread, jni_str!("interrupt"), jni_sig!("()V"), &[])?;
            Ok(())
        });
    }

    fn progress(&mut self, layers: &[LayerProgress], last: bool) -> Result<(), Failure> {
        if self.told.is_none() {
            if layers.is_empty() && !last {
                return Ok(());
            }
            self.plan(layers)?;
            self.told = Some(Vec::new());
        }
        let done: Vec<u64> = layers.iter().map(LayerProgress::done).collect();
        if self.told.as_ref() == Some(&done) && !last {
            return Ok(());
        }
        let upcalls = self.upcalls;
        self.env.with_local_frame(FRAME, |env| -> Result<(), Failure> {
            let array = convert::longs(env, done.iter().copied())?;
            env.call_method(upcalls, jni_str!("progress"), jni_sig!("([J)V"), &[JValue::Object(&array)])?;
            Ok(())
        })?;
        self.told = Some(done);
        Ok(())
    }

    fn credential(&mut self) -> Result<Option<Credential>, Failure> {
        let upcalls = self.upcalls;
        self.env.with_local_frame(FRAME, |env| {
            let pair = env.call_method(upcalls, jni_str!("credentials"), jni_sig!("()[[B"), &[])?.l()?;
            if pair.is_null() {
                return Ok(None);
            }
            // SAFETY: the JVM answers for the type, which is the one in the descriptor it was asked for; the reference
            // is of this frame, owned here and given up by `into_raw`.
            let pair = unsafe { JObjectArray::<JByteArray>::from_raw(env, pair.into_raw()) };
            let mut texts = convert::texts(env, &pair, "the provider's user or token")?.into_iter();
            let (Some(user), Some(secret), None) = (texts.next(), texts.next(), texts.next()) else {
                return Err(Error::invalid("a provider's credential is user and token").into());
            };
            Ok(Some(Credential { user, secret: Secret::new(secret) }))
        })
    }
}

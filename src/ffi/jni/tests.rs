//! What native methods throw, in a real JVM inside the test process: the failures that no Java test can provoke.
#![expect(unsafe_code, reason = "starts a JVM, which is a C interface")]

use std::ffi::{CString, c_char, c_int, c_void};
use std::path::Path;
use std::process::Command;

use jni::objects::{JObject, JObjectArray, JString, JThrowable};
use jni::sys::{JNI_OK, JNI_TRUE, JNI_VERSION_1_8, JNIEnv, JavaVM, JavaVMInitArgs, JavaVMOption};
use jni::{Env, EnvUnowned, jni_sig, jni_str};

use super::convert;
use super::throw::{Failure, Throw};
use crate::error::{Error, ErrorKind};

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

const RTLD_NOW: c_int = 2;
type CreateJavaVm = unsafe extern "system" fn(*mut *mut JavaVM, *mut *mut c_void, *mut c_void) -> c_int;

/// One test, because a process can have one JVM only.
#[test]
fn native_methods_throw() {
    let Some(java_home) = java_home() else {
        assert!(std::env::var_os("CI").is_none(), "java, which `make setup` installs, cannot be run");
        eprintln!("SKIPPED: there is no java here");
        return;
    };
    let classes = tempfile::tempdir().unwrap();
    let mut env = start_jvm(Path::new(&java_home), classes.path());

    let thrown = run(&mut env, |_| Err(Error::new(ErrorKind::NotFound, "no such tag").into()));
    assert_eq!(thrown.class, "java.lang.RuntimeException", "there is no NativeException yet");
    assert!(thrown.message.starts_with("no such tag (and NativeException cannot be made: "), "{}", thrown.message);
    let thrown = run(&mut env, |_| panic!("number {}", 7));
    assert_eq!(thrown.class, "java.lang.RuntimeException");
    assert!(thrown.message.starts_with("bug in this library: number 7 (and "), "{}", thrown.message);

    compile_native_exception(classes.path());
    let thrown = run(&mut env, |_| {
        let cause = std::io::Error::other("connection reset \0 \u{1f980}");
        Err(Error::new(ErrorKind::Unavailable, "cut off").with_status(502).with_cause(cause).into())
    });
    assert_eq!(thrown.class, "com.salesforce.multicloudj.registry.internal.NativeException");
    assert_eq!((thrown.kind, thrown.http_status), (13, 502));
    assert_eq!(thrown.message, "cut off (HTTP 502)");
    assert_eq!(thrown.causes, ["connection reset \0 \u{1f980}"]);

    let thrown = run(&mut env, |_| panic!("plain"));
    assert_eq!((thrown.kind, thrown.message.as_str()), (15, "bug in this library: plain"));
    let thrown = run(&mut env, |_| Err(Failure::Pending));
    assert_eq!((thrown.kind, thrown.message.as_str()), (15, "an exception got lost in native code"));

    // What is pending stays, whatever happens after it.
    for after in [
        (|| Ok(())) as fn() -> Result<(), Failure>,
        || Err(Failure::Pending),
        || Err(Error::new(ErrorKind::Io, "second").into()),
        || panic!("second"),
    ] {
        let thrown = run(&mut env, |env| {
            let first = env.throw_new(jni_str!("java/lang/IllegalStateException"), jni_str!("first"));
            assert!(matches!(first, Err(jni::errors::Error::JavaException)));
            after()
        });
        assert_eq!((thrown.class.as_str(), thrown.message.as_str()), ("java.lang.IllegalStateException", "first"));
    }

    // More elements than a native method has room for references.
    let texts: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    let outcome = env.with_env(|env| -> Result<(), Failure> {
        let strings = convert::strings(env, &texts.iter().map(|text| Some(text.as_str())).collect::<Vec<_>>())?;
        assert_eq!(strings.len(env)?, 1000);
        Ok(())
    });
    outcome.resolve::<Throw>();
}

/// What `body` left pending as if it were the body of a native method.
#[derive(Debug)]
struct Thrown {
    class: String,
    message: String,
    kind: i32,
    http_status: i32,
    causes: Vec<String>,
}

fn run(env: &mut EnvUnowned<'_>, body: impl FnOnce(&mut Env<'_>) -> Result<(), Failure>) -> Thrown {
    let mut thrown = None;
    let outcome = env.with_env(|env| {
        // The room that the JVM promises a native method.
        env.with_local_frame(16, |env| -> Result<(), Failure> {
            // SAFETY: this thread's environment; the second owner is gone before the first is used again.
            let mut native = unsafe { EnvUnowned::from_raw(env.get_raw()) };
            native.with_env(body).resolve::<Throw>();
            let exception = env.exception_occurred().expect("nothing was thrown");
            env.exception_clear();
            thrown = Some(read(env, &exception)?);
            Ok(())
        })
    });
    outcome.resolve::<Throw>();
    thrown.unwrap()
}

fn read(env: &mut Env<'_>, exception: &JThrowable<'_>) -> Result<Thrown, Failure> {
    let class = env.get_object_class(exception)?;
    let class = env.call_method(&class, jni_str!("getName"), jni_sig!("()Ljava/lang/String;"), &[])?.l()?;
    let message = env.call_method(exception, jni_str!("getMessage"), jni_sig!("()Ljava/lang/String;"), &[])?.l()?;
    let mut thrown = Thrown {
        class: string(env, class)?,
        message: string(env, message)?,
        kind: 0,
        http_status: 0,
        causes: Vec::new(),
    };
    if thrown.class.ends_with("NativeException") {
        thrown.kind = env.get_field(exception, jni_str!("kind"), jni_sig!("I"))?.i()?;
        thrown.http_status = env.get_field(exception, jni_str!("httpStatus"), jni_sig!("I"))?.i()?;
        let causes = env.get_field(exception, jni_str!("causes"), jni_sig!("[Ljava/lang/String;"))?.l()?;
        let causes = JObjectArray::<JString>::cast_local(env, causes)?;
        for index in 0..causes.len(env)? {
            let cause = causes.get_element(env, index)?;
            thrown.causes.push(cause.try_to_string(env)?);
        }
    }
    Ok(thrown)
}

fn string(env: &mut Env<'_>, object: JObject<'_>) -> Result<String, Failure> {
    let string = env.cast_local::<JString>(object)?;
    Ok(string.try_to_string(env)?)
}

fn java_home() -> Option<String> {
    let output = Command::new("java").args(["-XshowSettings:properties", "-version"]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find_map(|line| line.trim().strip_prefix("java.home = "))?;
    Some(line.to_owned())
}

/// A JVM with the class path `classes`, this thread attached to it.
fn start_jvm(java_home: &Path, classes: &Path) -> EnvUnowned<'static> {
    let library = CString::new(java_home.join("lib/server/libjvm.so").to_str().unwrap()).unwrap();
    let class_path = CString::new(format!("-Djava.class.path={}", classes.display())).unwrap();
    let option = |text: *const c_char| JavaVMOption { optionString: text.cast_mut(), extraInfo: std::ptr::null_mut() };
    let mut options = [option(class_path.as_ptr()), option(c"-Xcheck:jni".as_ptr()), option(c"-Xrs".as_ptr())];
    let mut arguments = JavaVMInitArgs {
        version: JNI_VERSION_1_8,
        nOptions: c_int::try_from(options.len()).unwrap(),
        options: options.as_mut_ptr(),
        ignoreUnrecognized: JNI_TRUE,
    };
    let mut vm: *mut JavaVM = std::ptr::null_mut();
    let mut env: *mut JNIEnv = std::ptr::null_mut();
    // SAFETY: plain C calls with strings and structs that live until they return; libjvm's symbol has this type.
    unsafe {
        let library = dlopen(library.as_ptr(), RTLD_NOW);
        assert!(!library.is_null(), "cannot load libjvm.so");
        let create = dlsym(library, c"JNI_CreateJavaVM".as_ptr());
        assert!(!create.is_null(), "libjvm.so has no JNI_CreateJavaVM");
        let create = std::mem::transmute::<*mut c_void, CreateJavaVm>(create);
        assert_eq!(create(&raw mut vm, (&raw mut env).cast(), (&raw mut arguments).cast()), JNI_OK);
    }
    // SAFETY: JNI_CreateJavaVM has attached this thread, which stays in the test and so in the frame below which all
    // references live.
    unsafe { EnvUnowned::from_raw(env) }
}

fn compile_native_exception(to: &Path) {
    let package = "java/src/main/java/com/salesforce/multicloudj/registry/internal";
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(package).join("NativeException.java");
    let output = Command::new("javac").arg("-d").arg(to).arg(source).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

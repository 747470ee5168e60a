//! A real dockerd of the tests' own: vfs storage, no bridge, no firewall rules, every path in one folder.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use crate::process::{Service, output, run};

pub(crate) struct Docker {
    host: String,
    service: Service,
}

/// One daemon for all tests: it takes a second to start, and image IDs keep the tests apart.
pub(crate) fn docker() -> &'static Docker {
    static DOCKER: LazyLock<Docker> = LazyLock::new(Docker::start);
    &DOCKER
}

impl Docker {
    fn start() -> Self {
        // /tmp, not TMPDIR: a socket's path may have 108 bytes, and containerd's is 40 long below this.
        let dir = tempfile::Builder::new().prefix("mcjr-docker-").tempdir_in("/tmp").expect("a folder");
        let at = |name: &str| dir.path().join(name).into_os_string();
        let host = format!("unix://{}", dir.path().join("sock").display());
        let command: [OsString; 13] = [
            "dockerd".into(),
            "--storage-driver=vfs".into(),
            "--bridge=none".into(),
            "--iptables=false".into(),
            // Reads no configuration of the machine's own daemon.
            "--config-file".into(),
            at("daemon.json"),
            "--data-root".into(),
            at("data"),
            "--exec-root".into(),
            at("exec"),
            "--pidfile".into(),
            at("pid"),
            format!("--host={host}").into(),
        ];
        std::fs::write(dir.path().join("daemon.json"), "{}").expect("daemon.json");
        let command: Vec<_> = command.iter().map(OsString::as_os_str).collect();
        let docker = Self { service: Service::start(dir, &command), host };
        docker.service.wait_for(|_| output(&mut docker.command(&["version"])).status.success().then_some(()));
        docker
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        // The context, TLS and API settings of whoever runs the tests are for a daemon of theirs.
        command.env_clear().arg("--host").arg(&self.host).args(arguments);
        command
    }

    pub(crate) fn load(&self, tar: &Path) {
        run(self.command(&["load", "--input"]).arg(tar));
    }

    /// `docker image inspect`: None if there is no such image.
    pub(crate) fn image(&self, name: &str) -> Option<Value> {
        let output = output(&mut self.command(&["image", "inspect", name]));
        let mut images: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
        images.pop()
    }

    pub(crate) fn remove(&self, name: &str) {
        run(&mut self.command(&["image", "rm", "--force", name]));
    }
}

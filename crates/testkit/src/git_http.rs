//! Git over HTTP and HTTPS with password and hooks, by programs that are not ours: nginx, fcgiwrap, openssl and git's own HTTP backend.

use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

/// The user name the server accepts.
pub const USER: &str = "x-access-token";
/// The password the server accepts.
pub const TOKEN: &str = "test-token-0123456789";
/// A password that may read and not push.
pub const READ_TOKEN: &str = "read-token-0123456789";

/// A running server for the bare repositories of one folder. Stops when dropped.
#[derive(Debug)]
pub struct GitHttpServer {
    port: u16,
    scheme: &'static str,
    children: Vec<Child>,
    scratch: TempDir,
}

/// How bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Travel {
    Clear,
    Tls,
}

impl GitHttpServer {
    /// Serves `root`, in which each bare repository is reachable as `/NAME`. Whoever may not do something is told so in GitHub's words.
    ///
    /// # Errors
    /// Names the part that is missing or did not start.
    pub fn start(root: &Path) -> Result<Self, String> {
        Self::start_with(root, Travel::Clear)
    }

    /// The same over TLS, with a certificate by [`authority`](Self::authority), whom nobody trusts who was not told to.
    ///
    /// # Errors
    /// Names the part that is missing or did not start.
    pub fn start_tls(root: &Path) -> Result<Self, String> {
        Self::start_with(root, Travel::Tls)
    }

    fn start_with(root: &Path, travel: Travel) -> Result<Self, String> {
        let nginx = program("nginx")?;
        let fcgiwrap = program("fcgiwrap")?;
        let backend = ["/usr/lib/git-core/git-http-backend", "/usr/libexec/git-core/git-http-backend"]
            .into_iter()
            .map(PathBuf::from)
            .find(|path| path.is_file())
            .ok_or("git-http-backend is missing")?;
        let scratch = TempDir::new().map_err(|error| error.to_string())?;
        let folder = scratch.path();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).map_err(|e| e.to_string());
        write(".gitconfig", "[safe]\n\tdirectory = *\n")?;
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(|e| e.to_string())?.port();
        write("nginx.conf", &configuration(folder, root, &backend, port, travel))?;
        if travel == Travel::Tls {
            make_certificates(folder)?;
        }

        let socket = folder.join("fcgi.sock");
        let scheme = if travel == Travel::Tls { "https" } else { "http" };
        let mut server = Self { port, scheme, children: Vec::new(), scratch };
        // One process, without a pool: a pool's members would outlive the process that is stopped here.
        let start = |command: &mut Command| {
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(|e| e.to_string())
        };
        server.children.push(start(Command::new(&fcgiwrap).arg("-s").arg(format!("unix:{}", socket.display())))?);
        wait_for("fcgiwrap", || socket.exists())?;
        server.children.push(start(Command::new(&nginx).arg("-c").arg(socket.with_file_name("nginx.conf")))?);
        wait_for("nginx", || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(server)
    }

    /// The address of a repository in the served folder, without user information.
    pub fn url(&self, repository: &str) -> String {
        format!("{}://127.0.0.1:{}/{repository}", self.scheme, self.port)
    }

    /// The certificate of the authority that vouches for a server over TLS, a file; made anew for each server.
    pub fn authority(&self) -> PathBuf {
        self.scratch.path().join("authority.pem")
    }
}

impl Drop for GitHttpServer {
    fn drop(&mut self) {
        for child in &mut self.children {
            // A child that has ended already is as good as one that was stopped.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// An authority, and by it the certificate of this machine's loopback address.
fn make_certificates(folder: &Path) -> Result<(), String> {
    let openssl = program("openssl")?;
    let make = |name: &str, subject: &str, more: &[&str]| {
        let mut command = Command::new(&openssl);
        command
            .current_dir(folder)
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
            .args(["-subj", subject, "-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")])
            .args(more)
            .stdin(Stdio::null());
        let made = command.output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&made.stderr);
        if made.status.success() { Ok(()) } else { Err(format!("openssl makes no certificate: {said}")) }
    };
    let authority = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"];
    make("authority", "/CN=Authority of a test", &authority)?;
    let server = ["-CA", "authority.pem", "-CAkey", "authority.key", "-addext", "subjectAltName=IP:127.0.0.1"];
    let leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"];
    make("server", "/CN=127.0.0.1", &[server.as_slice(), leaf.as_slice()].concat())
}

/// The command lines of all processes of this machine, as everybody can read them; none where there is no `/proc`.
pub fn command_lines() -> Vec<String> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let lines = processes.flatten().filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " ")).filter(|line| !line.is_empty()).collect()
}

fn program(name: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| format!("{name} is missing"))
}

fn wait_for(what: &str, ready: impl Fn() -> bool) -> Result<(), String> {
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        if ready() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(format!("{what} did not start within ten seconds"))
}

fn configuration(folder: &Path, root: &Path, backend: &Path, port: u16, travel: Travel) -> String {
    let (folder, root, backend) = (folder.display(), root.display(), backend.display());
    let mut temp = String::new();
    for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(temp, "    {name}_temp_path {folder}/{name};").expect("text can be written to a string");
    }
    let header = |token: &str| format!("Basic {}", STANDARD.encode(format!("{USER}:{token}")));
    let (writer, reader) = (header(TOKEN), header(READ_TOKEN));
    let tls = match travel {
        Travel::Clear => String::new(),
        Travel::Tls => format!(
            " ssl;\n        ssl_certificate {folder}/server.pem;\n        ssl_certificate_key {folder}/server.key"
        ),
    };
    format!(
        r#"daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
{temp}    client_max_body_size 0;
    map_hash_bucket_size 256;
    map $http_authorization $who {{
        default nobody;
        "{writer}" writer;
        "{reader}" reader;
    }}
    map "$who $arg_service $uri" $refused {{
        default "";
        "~^nobody " 401;
        "~^reader git-receive-pack " 403;
        "~^reader .*/git-receive-pack$" 403;
    }}
    server {{
        listen 127.0.0.1:{port}{tls};
        default_type text/plain;
        location / {{
            if ($refused = 401) {{
                add_header WWW-Authenticate 'Basic realm="GitHub"' always;
                return 401 "Invalid username or token.\n";
            }}
            if ($refused = 403) {{
                return 403 "Write access to repository not granted.\n";
            }}
            fastcgi_pass unix:{folder}/fcgi.sock;
            fastcgi_request_buffering off;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
            fastcgi_param SCRIPT_FILENAME {backend};
            fastcgi_param GIT_PROJECT_ROOT {root};
            fastcgi_param GIT_HTTP_EXPORT_ALL "";
            fastcgi_param PATH_INFO $uri;
            fastcgi_param REMOTE_USER $remote_user;
            fastcgi_param REMOTE_ADDR $remote_addr;
            fastcgi_param GIT_PROTOCOL $http_git_protocol;
            fastcgi_param HOME {folder};
        }}
    }}
}}
"#
    )
}

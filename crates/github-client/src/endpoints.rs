//! Where REST, GraphQL, uploads and web pages of one GitHub are.

use url::{Host, Url};

use crate::{Error, RepoId};

/// The addresses of one GitHub.
#[derive(Debug, Clone)]
pub(crate) struct Endpoints {
    pub(crate) rest: Url,
    pub(crate) graphql: Url,
    pub(crate) uploads: Url,
    /// The address of the web pages, without a slash at its end.
    pub(crate) web: String,
    /// The name of this GitHub in recordings.
    pub(crate) host: String,
}

impl Endpoints {
    /// Derives all addresses from that of REST: github.com, Enterprise Server (`/api/v3`), Enterprise Cloud with a host of its own
    /// (`api.NAME.ghe.com`), or any other server, which then serves GraphQL at `/graphql` and uploads at `/uploads` below REST.
    pub(crate) fn derive(rest: Url) -> Result<Self, Error> {
        let unusable =
            |reason: &str| Error::Unusable { subject: http_kit::redact_url(&rest), reason: reason.to_owned() };
        if !matches!(rest.scheme(), "https" | "http") {
            return Err(unusable("the address of an API begins with `https://` or `http://`"));
        }
        if !rest.username().is_empty()
            || rest.password().is_some()
            || rest.query().is_some()
            || rest.fragment().is_some()
        {
            return Err(unusable("the address of an API holds no user, query or fragment"));
        }
        let host = rest.host_str().ok_or_else(|| unusable("there is no host"))?.to_ascii_lowercase();
        let with_path = |path: &str| {
            let mut url = rest.clone();
            url.set_path(path);
            url
        };
        let path = rest.path().trim_end_matches('/');
        let port = rest.port().map_or_else(String::new, |port| format!(":{port}"));
        let (graphql, uploads, web_host);
        if let Some(before) = path.strip_suffix("/api/v3") {
            graphql = with_path(&format!("{before}/api/graphql"));
            uploads = with_path(&format!("{before}/api/uploads"));
            web_host = format!("{host}{port}{before}");
        } else {
            graphql = with_path(&format!("{path}/graphql"));
            let parent =
                host.strip_prefix("api.").filter(|parent| *parent == "github.com" || parent.ends_with(".ghe.com"));
            uploads = match parent {
                None => with_path(&format!("{path}/uploads")),
                Some(parent) => {
                    let mut other = rest.clone();
                    let set = other.set_host(Some(&format!("uploads.{parent}")));
                    set.ok().ok_or_else(|| unusable("there is no host"))?;
                    other
                }
            };
            web_host = format!("{}{port}", parent.unwrap_or(&host));
        }
        let web = format!("{}://{web_host}", rest.scheme());
        Ok(Self { graphql, uploads, host: web_host.split('/').next().unwrap_or_default().to_owned(), web, rest })
    }

    /// Whether a token may travel there: by TLS, or within this machine.
    pub(crate) fn keeps_secrets(url: &Url) -> bool {
        url.scheme() == "https"
            || match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            }
    }

    /// Whether the address belongs to this GitHub, so that it may see the token.
    pub(crate) fn knows(&self, url: &Url) -> bool {
        [&self.rest, &self.graphql, &self.uploads].iter().any(|own| own.origin() == url.origin())
    }

    /// An address below REST's, each part escaped.
    pub(crate) fn rest<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        below(&self.rest, parts)
    }

    /// An address below that of a repository.
    pub(crate) fn repo<'a>(&self, repo: &'a RepoId, parts: impl IntoIterator<Item = &'a str>) -> Url {
        self.rest(["repos", repo.owner(), repo.name()].into_iter().chain(parts))
    }
}

/// The address with more parts in its path.
pub(crate) fn below<'a>(url: &Url, parts: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = url.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_follow_from_one() {
        let cases = [
            (
                "https://api.github.com",
                ["https://api.github.com/graphql", "https://uploads.github.com/", "https://github.com", "github.com"],
            ),
            (
                "https://git.example.invalid/api/v3/",
                [
                    "https://git.example.invalid/api/graphql",
                    "https://git.example.invalid/api/uploads",
                    "https://git.example.invalid",
                    "git.example.invalid",
                ],
            ),
            (
                "https://api.octo.ghe.com/",
                [
                    "https://api.octo.ghe.com/graphql",
                    "https://uploads.octo.ghe.com/",
                    "https://octo.ghe.com",
                    "octo.ghe.com",
                ],
            ),
            (
                "http://127.0.0.1:8080",
                [
                    "http://127.0.0.1:8080/graphql",
                    "http://127.0.0.1:8080/uploads",
                    "http://127.0.0.1:8080",
                    "127.0.0.1:8080",
                ],
            ),
        ];
        for (rest, expected) in cases {
            let found = Endpoints::derive(rest.parse().unwrap()).unwrap();
            assert_eq!([found.graphql.as_str(), found.uploads.as_str(), &found.web, &found.host], expected, "{rest}");
        }
        for bad in ["file:///tmp", "https://me:secret@example.invalid", "https://example.invalid/?token=1"] {
            let error = Endpoints::derive(bad.parse().unwrap()).unwrap_err().to_string();
            assert!(!error.contains("secret") && !error.contains("=1"), "{error}");
        }
    }

    #[test]
    fn parts_are_escaped() {
        let endpoints = Endpoints::derive("https://git.example.invalid/api/v3/".parse().unwrap()).unwrap();
        let repo: RepoId = "o/r".parse().unwrap();
        let url = endpoints.repo(&repo, ["releases", "tags", "a/b?c#d e"]);
        assert_eq!(url.as_str(), "https://git.example.invalid/api/v3/repos/o/r/releases/tags/a%2Fb%3Fc%23d%20e");
        assert!(endpoints.knows(&url) && !endpoints.knows(&"https://example.invalid/".parse().unwrap()));
        for (url, keeps) in [
            ("https://example.invalid", true),
            ("http://127.0.0.1:1", true),
            ("http://[::1]/", true),
            ("http://localhost/", true),
            ("http://example.invalid", false),
            ("http://127.0.0.1.example.invalid", false),
        ] {
            assert_eq!(Endpoints::keeps_secrets(&url.parse().unwrap()), keeps, "{url}");
        }
    }
}

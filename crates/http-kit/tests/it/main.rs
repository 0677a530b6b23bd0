//! Clients against real sockets.

mod auth;

use std::time::Duration;

use http_kit::{ClientError, ClientOptions, ReadError, client, install_crypto_provider, read_bounded};
use wiremock::matchers::{header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

async fn server(at: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path(at)).and(header("user-agent", "kit-test/1")).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn the_provider_may_be_installed_from_many_threads() {
    let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(install_crypto_provider)).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(client(&ClientOptions::new("kit-test/1")).is_ok());
}

#[tokio::test]
async fn bodies_are_read_up_to_the_limit() {
    let server = server("/body", ResponseTemplate::new(200).set_body_bytes(vec![7u8; 1000])).await;
    let client = client(&ClientOptions::new("kit-test/1")).unwrap();
    let get = || async { client.get(format!("{}/body?token=s3cret", server.uri())).send().await.unwrap() };

    assert_eq!(read_bounded(get().await, 1000).await.unwrap(), vec![7u8; 1000]);
    let error = read_bounded(get().await, 999).await.unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { limit: 999, .. }), "{error:?}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn an_unannounced_body_is_bounded_too() {
    // Chunked coding announces no length, so only counting can stop it.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0u8; 4096];
        assert!(socket.read(&mut request).await.unwrap() > 0);
        socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        while socket.write_all(b"4\r\nabcd\r\n").await.is_ok() {}
    });
    let client = client(&ClientOptions::new("kit-test/1")).unwrap();
    let response = client.get(format!("http://{address}/")).send().await.unwrap();
    let error = read_bounded(response, 10_000).await.unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { limit: 10_000, .. }), "{error:?}");
    drop(client);
    serve.abort();
}

#[tokio::test]
async fn silence_ends_a_request() {
    let server = server("/slow", ResponseTemplate::new(200).set_delay(Duration::from_secs(30))).await;
    let mut options = ClientOptions::new("kit-test/1");
    options.read_timeout = Duration::from_millis(200);
    let error = client(&options).unwrap().get(format!("{}/slow", server.uri())).send().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

#[test]
fn a_bad_user_agent_is_an_error() {
    let error = client(&ClientOptions::new("line\nbreak")).unwrap_err();
    assert!(matches!(error, ClientError::Build { .. }), "{error:?}");
}

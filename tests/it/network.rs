//! Where the program goes, and through what: nowhere but where it was told.

use crate::support::{Done, Folder, World, id, list_of};
use offboard::{
    domain::{CorrelationId, RequestId, Secret},
    partner_center::{
        BaseUrl,
        request::{self, Request},
        transport::{Connection, Http, SendError, Timeouts, Transport as _},
    },
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use std::{net::Ipv4Addr, sync::Arc};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

fn world() -> World {
    World::of(&json!({ "customers": [{ "id": id(1).to_string() }] }))
}

fn profile(base: &BaseUrl) -> Request {
    let (a, b) = (RequestId::new(uuid::Uuid::from_u128(1)), CorrelationId::new(uuid::Uuid::from_u128(2)));
    request::organization_profile().to_service(base, Secret::new("a-token".into()), a, b)
}

/// A company's root, and a server in front of `behind` whose certificate it issued. Where that is, and the
/// root as PEM.
async fn company(behind: String) -> (BaseUrl, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let server = server.signed_by(&key, &root).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let base = BaseUrl::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust the certificate goes away.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut onward = TcpStream::connect(behind.strip_prefix("http://").unwrap()).await.unwrap();
            tokio::io::copy_bidirectional(&mut stream, &mut onward).await.unwrap_or_default();
        }
    });
    (base, root.pem())
}

fn on_a_runtime(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn a_companys_own_root_is_trusted_if_it_is_named() {
    if std::env::var_os("WINEPREFIX").is_some() {
        println!("SKIPPED: Wine's store of roots takes no other one");
        return;
    }
    let world = world();
    on_a_runtime(trusted(&world));
}

async fn trusted(world: &World) {
    let (base, root) = company(world.url().to_owned()).await;
    let with = |roots: &str| Connection { roots: roots.as_bytes().to_vec(), ..Connection::default() };
    let refused = Http::new(&[&base], &with("")).unwrap().send(&profile(&base)).await.unwrap_err();
    assert!(matches!(&refused, SendError::NotSent(text) if text.contains("certificate")), "{refused:?}");
    assert!(world.received().is_empty());
    let answer = Http::new(&[&base], &with(&root)).unwrap().send(&profile(&base)).await.unwrap();
    assert_eq!((answer.status, world.received().len()), (200, 1));
}

#[test]
fn no_other_address_is_reached() {
    let (world, other) = (world(), self::world());
    on_a_runtime(nowhere_else(&world, &other));
}

async fn nowhere_else(world: &World, other: &World) {
    let base = BaseUrl::parse(world.url()).unwrap();
    let client = Http::new(&[&base], &Connection::default()).unwrap();
    let elsewhere = profile(&BaseUrl::parse(other.url()).unwrap());
    let refused = client.send(&elsewhere).await.unwrap_err();
    assert!(
        matches!(&refused, SendError::NotSent(text) if text.contains("neither the API's")),
        "{refused:?}"
    );
    assert!(other.received().is_empty());
    assert_eq!(client.send(&profile(&base)).await.unwrap().status, 200);
    assert!(Timeouts::default().total > Timeouts::default().connect);
}

#[test]
fn a_proxy_is_used_if_it_is_named_and_no_other() {
    let (world, folder) = (world(), Folder::new());
    let list = folder.write("list.csv", list_of([id(1)]));
    // Nobody listens there.
    let nowhere = "http://127.0.0.1:9";
    let mut command = folder.run_command(&world, &list, &[]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env(name, nowhere);
    }
    Done::of(&command.output().unwrap()).exits(0);

    let (proxy, folder) = (self::world(), Folder::new());
    let list = folder.write("list.csv", list_of([id(1)]));
    let mut command = folder.run_command(&proxy, &list, &["--proxy", proxy.url()]);
    command.env("OFFBOARD_API_URL", nowhere).env("OFFBOARD_PROXY_CREDENTIALS", "me:the-password-of-mine");
    folder.secret("the-password-of-mine");
    folder.secret("me:the-password-of-mine");
    Done::of(&command.output().unwrap()).exits(0);
    for received in proxy.received() {
        let found = received.headers.iter().any(|(name, _)| name == "proxy-authorization");
        assert!(found, "{:?}", received.headers);
    }
    assert_eq!(proxy.removed(), [id(1)]);
}

#[test]
fn a_root_that_is_none_is_named() {
    let (world, folder) = (world(), Folder::new());
    let list = folder.write("list.csv", list_of([id(1)]));
    for (text, says) in [(None, "no-root.pem"), (Some("nonsense"), "--ca-file")] {
        if let Some(text) = text {
            folder.write("no-root.pem", text);
        }
        let mut command = folder.run_command(&world, &list, &["--ca-file", "no-root.pem"]);
        let done = Done::of(&command.output().unwrap()).exits(2);
        assert!(done.err.contains(says), "{says}: {}", done.err);
    }
    assert!(world.received().is_empty());
}

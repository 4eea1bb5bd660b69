//! A server in front of another one, which answers some requests itself, with whatever bytes it likes.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

/// Where it is.
pub(crate) struct Hostile {
    url: String,
}

/// An answer with these headers and this body.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 {status} Whatever\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        answer.push_str(&format!("{name}: {value}\r\n"));
    }
    answer.push_str("\r\n");
    [answer.as_bytes(), body].concat()
}

impl Hostile {
    /// In front of the server at `url`, which gets what `answers` does not answer. It is asked with the first line
    /// of each request.
    pub(crate) fn before(
        url: &str,
        answers: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (behind, answers) = (url.strip_prefix("http://").unwrap().to_owned(), Arc::new(answers));
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (behind, answers) = (behind.clone(), Arc::clone(&answers));
                // A client that goes away is no concern of this one.
                thread::spawn(move || serve(stream, &behind, &*answers).is_ok());
            }
        });
        Self { url: format!("http://{address}") }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// A request: everything before its body, and that.
pub(crate) fn read_request(client: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut request = Vec::new();
    let head = loop {
        if let Some(end) = memchr::memmem::find(&request, b"\r\n\r\n") {
            break end + 4;
        }
        more(client, &mut request)?;
    };
    let text = String::from_utf8_lossy(&request[..head]).into_owned();
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
    });
    while request.len() < head + length.unwrap_or(0) {
        more(client, &mut request)?;
    }
    Ok((text, request.split_off(head)))
}

fn serve(mut client: TcpStream, behind: &str, answers: &dyn Fn(&str) -> Option<Vec<u8>>) -> io::Result<()> {
    let (text, body) = read_request(&mut client)?;
    let (line, rest) = text.split_once("\r\n").unwrap();
    if let Some(answer) = answers(line) {
        return client.write_all(&answer);
    }
    let mut server = TcpStream::connect(behind)?;
    server.write_all(format!("{line}\r\nConnection: close\r\n{rest}").as_bytes())?;
    server.write_all(&body)?;
    io::copy(&mut server, &mut client).map(|_| ())
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut part = [0; 4096];
    match stream.read(&mut part)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        length => {
            bytes.extend_from_slice(&part[..length]);
            Ok(())
        }
    }
}

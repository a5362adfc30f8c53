//! As much of HTTP/1.1 as agents need: one request for each connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A request, all of it.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

/// Reads a request; `None` if the client has gone.
pub(super) fn read(stream: &TcpStream) -> io::Result<Option<Request>> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut words = first.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (mut length, mut is_chunked) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
            "transfer-encoding" => is_chunked = true,
            _ => {}
        }
    }
    let mut body = Vec::new();
    match is_chunked {
        true => while read_chunk(&mut reader, &mut body)? {},
        false => drop(reader.take(length).read_to_end(&mut body)?),
    }
    Ok(Some(Request { method, path, body }))
}

/// Reads one chunk into `body`; `false`: it was the last one.
fn read_chunk(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<bool> {
    let mut size = String::new();
    reader.read_line(&mut size)?;
    let digits = size.split(';').next().unwrap_or_default().trim();
    let length = u64::from_str_radix(digits, 16).map_err(io::Error::other)?;
    reader.take(length).read_to_end(body)?;
    reader.read_line(&mut String::new())?;
    Ok(length > 0)
}

/// Answers with a whole document.
pub(super) fn respond(mut stream: &TcpStream, status: u16, headers: &[(String, String)], body: &str) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len())
}

/// Begins to answer with a stream of events.
pub(super) fn begin_stream(mut stream: &TcpStream) -> io::Result<()> {
    let head = "content-type: text/event-stream\r\nconnection: close\r\ntransfer-encoding: chunked";
    write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n\r\n")
}

/// Sends one event.
pub(super) fn send(mut stream: &TcpStream, event: &str) -> io::Result<()> {
    write!(stream, "{:x}\r\n{event}\r\n", event.len())
}

/// Ends the stream; without it the client sees that the connection broke.
pub(super) fn end_stream(mut stream: &TcpStream) -> io::Result<()> {
    write!(stream, "0\r\n\r\n")
}

/// Waits until the client goes.
pub(super) fn wait_for_the_client_to_go(mut stream: &TcpStream) {
    // A broken connection is an end as well.
    let _ = stream.read(&mut [0]);
}

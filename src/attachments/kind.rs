//! What a file is, by its first bytes. Only what a salon is sent is known, and only that is kept: pictures, recordings,
//! films and PDF. Nothing that a browser would run is among it.

/// A file's type, and the ending that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The media type.
    pub mime_type: &'static str,
    /// The ending of its name.
    pub ending: &'static str,
}

/// What these bytes begin. Nothing when it is none of what is kept.
#[must_use]
pub fn kind(bytes: &[u8]) -> Option<Kind> {
    let at = |from: usize, sign: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(sign));
    let (mime_type, ending) = match bytes {
        _ if at(0, b"\xff\xd8\xff") => ("image/jpeg", "jpg"),
        _ if at(0, b"\x89PNG\r\n\x1a\n") => ("image/png", "png"),
        _ if at(0, b"GIF87a") || at(0, b"GIF89a") => ("image/gif", "gif"),
        _ if at(0, b"RIFF") && at(8, b"WEBP") => ("image/webp", "webp"),
        _ if at(0, b"RIFF") && at(8, b"WAVE") => ("audio/wav", "wav"),
        _ if at(0, b"%PDF-") => ("application/pdf", "pdf"),
        _ if at(0, b"OggS") => ("audio/ogg", "ogg"),
        _ if at(0, b"ID3") => ("audio/mpeg", "mp3"),
        _ if at(0, b"#!AMR") => ("audio/amr", "amr"),
        _ if at(0, b"\x1a\x45\xdf\xa3") => ("video/webm", "webm"),
        // ISO base media: the brand says which.
        _ if at(4, b"ftyp") => match bytes.get(8..12)? {
            b"M4A " | b"M4B " => ("audio/mp4", "m4a"),
            b"qt  " => ("video/quicktime", "mov"),
            b"heic" | b"heix" | b"mif1" | b"msf1" => ("image/heic", "heic"),
            b"avif" => ("image/avif", "avif"),
            [b'3', b'g', ..] => ("video/3gpp", "3gp"),
            _ => ("video/mp4", "mp4"),
        },
        // An MPEG audio frame: eleven bits set, then version and layer. Layer 0 is ADTS, which is AAC.
        [0xff, second, ..] if second & 0xf6 == 0xf0 => ("audio/aac", "aac"),
        [0xff, second, ..] if second & 0xe6 == 0xe2 && second & 0x18 != 0x08 => ("audio/mpeg", "mp3"),
        _ => return None,
    };
    Some(Kind { mime_type, ending })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        for (bytes, expected) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], Some("jpg")),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some("png")),
            (b"GIF89a\x01\0", Some("gif")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("webp")),
            (b"RIFF\x10\0\0\0WAVEfmt ", Some("wav")),
            (b"RIFF\x10\0\0\0AVI LIST", None),
            (b"%PDF-1.7\n", Some("pdf")),
            (b"OggS\0\x02", Some("ogg")),
            (b"ID3\x04\0", Some("mp3")),
            (b"\xff\xfb\x90\x64", Some("mp3")),
            (b"\xff\xf3\x90\x64", Some("mp3")),
            (b"\xff\xf1\x50\x80", Some("aac")),
            (b"\xff\xf9\x50\x80", Some("aac")),
            (b"#!AMR\n<", Some("amr")),
            (b"\0\0\0\x20ftypisom\0\0", Some("mp4")),
            (b"\0\0\0\x20ftypM4A \0\0", Some("m4a")),
            (b"\0\0\0\x20ftypqt  \0\0", Some("mov")),
            (b"\0\0\0\x20ftypheic\0\0", Some("heic")),
            (b"\0\0\0\x20ftyp3gp4\0\0", Some("3gp")),
            (b"\0\0\0\x20ftyp", None),
            (b"\x1a\x45\xdf\xa3\x01", Some("webm")),
            (b"<html><body>", None),
            (b"<svg xmlns=", None),
            (b"MZ\x90\0", None),
            (b"\x7fELF", None),
            (b"PK\x03\x04", None),
            (b"#!/bin/sh\n", None),
            (b"\xff", None),
            (b"\xff\xff\xff", None),
            (b"", None),
        ] {
            let found = kind(bytes).map(|kind| kind.ending);
            assert_eq!(found, expected, "{}", bytes.escape_ascii());
        }
    }
}

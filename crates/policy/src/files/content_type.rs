//! Media types by the ending of a file's name, as browsers expect them.

/// The media type of a file; bytes of unknown kind are `application/octet-stream`.
pub fn of(path: &[u8]) -> &'static str {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let ending = name.rsplit(|byte| *byte == b'.').next().filter(|ending| ending.len() < name.len());
    let ending = ending.unwrap_or_default().to_ascii_lowercase();
    TYPES
        .iter()
        .find(|(endings, _)| endings.iter().any(|known| known.as_bytes() == ending))
        .map_or("application/octet-stream", |(_, kind)| kind)
}

/// The most asked ones first.
static TYPES: &[(&[&str], &str)] = &[
    (&["html", "htm"], "text/html; charset=utf-8"),
    (&["css"], "text/css; charset=utf-8"),
    (&["js", "mjs"], "text/javascript; charset=utf-8"),
    (&["png"], "image/png"),
    (&["jpg", "jpeg"], "image/jpeg"),
    (&["webp"], "image/webp"),
    (&["svg"], "image/svg+xml"),
    (&["avif"], "image/avif"),
    (&["gif"], "image/gif"),
    (&["ico"], "image/x-icon"),
    (&["woff2"], "font/woff2"),
    (&["woff"], "font/woff"),
    (&["ttf"], "font/ttf"),
    (&["otf"], "font/otf"),
    (&["json", "map"], "application/json"),
    (&["webmanifest"], "application/manifest+json"),
    (&["jsonld"], "application/ld+json"),
    (&["txt", "text", "log", "ini", "conf"], "text/plain; charset=utf-8"),
    (&["xml", "xsl"], "application/xml"),
    (&["rss"], "application/rss+xml"),
    (&["atom"], "application/atom+xml"),
    (&["csv"], "text/csv; charset=utf-8"),
    (&["md"], "text/markdown; charset=utf-8"),
    (&["ics"], "text/calendar; charset=utf-8"),
    (&["vtt"], "text/vtt; charset=utf-8"),
    (&["pdf"], "application/pdf"),
    (&["wasm"], "application/wasm"),
    (&["zip"], "application/zip"),
    (&["gz", "tgz"], "application/gzip"),
    (&["bz2"], "application/x-bzip2"),
    (&["xz"], "application/x-xz"),
    (&["zst"], "application/zstd"),
    (&["tar"], "application/x-tar"),
    (&["7z"], "application/x-7z-compressed"),
    (&["mp4", "m4v"], "video/mp4"),
    (&["webm"], "video/webm"),
    (&["mov"], "video/quicktime"),
    (&["m3u8"], "application/vnd.apple.mpegurl"),
    (&["ts"], "video/mp2t"),
    (&["mp3"], "audio/mpeg"),
    (&["m4a"], "audio/mp4"),
    (&["ogg", "oga"], "audio/ogg"),
    (&["opus"], "audio/ogg"),
    (&["wav"], "audio/wav"),
    (&["flac"], "audio/flac"),
    (&["bmp"], "image/bmp"),
    (&["tif", "tiff"], "image/tiff"),
    (&["epub"], "application/epub+zip"),
    (&["doc"], "application/msword"),
    (&["docx"], "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (&["xls"], "application/vnd.ms-excel"),
    (&["xlsx"], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (&["ppt"], "application/vnd.ms-powerpoint"),
    (&["pptx"], "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (&["odt"], "application/vnd.oasis.opendocument.text"),
    (&["ods"], "application/vnd.oasis.opendocument.spreadsheet"),
    (&["eot"], "application/vnd.ms-fontobject"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_count_in_any_case_and_names_without_one_are_bytes() {
        assert_eq!(of(b"/a/b.HTML"), "text/html; charset=utf-8");
        assert_eq!(of(b"/a.b/c"), "application/octet-stream");
        assert_eq!(of(b"/css"), "application/octet-stream");
        assert_eq!(of(b"/a.tar.gz"), "application/gzip");
    }
}

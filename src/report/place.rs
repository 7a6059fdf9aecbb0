//! Where a finding is shown: the one line that its reader can change, as a path relative to the
//! working directory and as a URI.
//!
//! A service that shows a finding beside the code knows the files of the repository only. So the
//! application's frame stands for a site in a package, and files below the working directory go by
//! their relative path, with slashes on every system.

use crate::guard::finding::{Finding, Frame, Site};

/// The working directory; a file below it goes by its path from there.
#[derive(Clone, Debug)]
pub struct Root {
    /// With slashes, and one at the end; empty when there is none.
    directory: String,
}

impl Root {
    /// Of an absolute path; empty for none.
    #[must_use]
    pub fn new(directory: &str) -> Self {
        let mut directory = slashed(directory);
        if !directory.is_empty() && !directory.ends_with('/') {
            directory.push('/');
        }
        Self { directory }
    }

    /// The path from here; none for a file elsewhere.
    pub(super) fn relative(&self, file: &str) -> Option<String> {
        if self.directory.is_empty() {
            return None;
        }
        let file = slashed(file);
        file.strip_prefix(&self.directory).map(str::to_owned)
    }

    /// The path from here, or as it is.
    pub(super) fn shown(&self, file: &str) -> String {
        self.relative(file).unwrap_or_else(|| file.to_owned())
    }

    /// The directory as a URI.
    pub(super) fn uri(&self) -> Option<String> {
        (!self.directory.is_empty()).then(|| uri(&self.directory))
    }
}

/// The line to change: the application's, where the one that adds is a package's. Without a site
/// that dominates it is the largest one's.
pub(super) fn own_frame(finding: &Finding) -> Option<&Frame> {
    main_site(finding).map(Site::own_frame)
}

/// Every frame of the finding but [`own_frame`], each once, with what it has to do with it.
pub(super) fn other_frames(finding: &Finding) -> Vec<(&Frame, String)> {
    let mut seen: Vec<&Frame> = own_frame(finding).into_iter().collect();
    let mut others = Vec::new();
    let sites = main_site(finding).into_iter();
    for site in sites.chain(finding.sites.iter().map(|share| &share.site)) {
        let adds = match &site.package {
            Some(package) => format!("package {package} adds here: {}", site.frame.function),
            None => format!("adds too: {}", site.frame.function),
        };
        let leads = site
            .app
            .iter()
            .map(|app| (app, format!("leads there: {}", app.function)));
        for (frame, role) in std::iter::once((&site.frame, adds)).chain(leads) {
            if !seen.contains(&frame) {
                seen.push(frame);
                others.push((frame, role));
            }
        }
    }
    others
}

fn main_site(finding: &Finding) -> Option<&Site> {
    let largest = || finding.sites.first().map(|share| &share.site);
    finding.site.as_ref().or_else(largest)
}

/// A path or a `node:` name as a URI reference.
pub(super) fn uri(file: &str) -> String {
    let file = slashed(file);
    match file.strip_prefix("node:") {
        Some(name) => format!("node:{}", percent_encoded(name)),
        None if file.starts_with("//") => format!("file:{}", percent_encoded(&file)),
        None if file.starts_with('/') => format!("file://{}", percent_encoded(&file)),
        None if is_windows(&file) => format!("file:///{}", percent_encoded(&file)),
        None => percent_encoded(&file),
    }
}

/// A path of Windows with slashes; elsewhere a backslash is a letter like others.
fn slashed(path: &str) -> String {
    if is_windows(path) {
        path.replace('\\', "/")
    } else {
        path.to_owned()
    }
}

fn is_windows(path: &str) -> bool {
    let is_drive =
        matches!(path.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    is_drive || path.starts_with(r"\\")
}

/// All but what RFC 3986 calls unreserved, and the slash.
fn percent_encoded(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_below_the_root_goes_by_its_relative_path_and_no_other_does() {
        let root = Root::new("/srv/app");
        assert_eq!(root.relative("/srv/app/src/a b.js").unwrap(), "src/a b.js");
        assert_eq!(root.relative("/srv/apple/a.js"), None);
        assert_eq!(root.relative("node:events"), None);
        assert_eq!(Root::new("").relative("/srv/app/a.js"), None);
        let windows = Root::new(r"C:\app\");
        assert_eq!(windows.relative(r"C:\app\src\a.js").unwrap(), "src/a.js");
    }

    #[test]
    fn uris_hold_no_letter_that_may_not_stand_in_one() {
        assert_eq!(uri("/a b/%0A.js"), "file:///a%20b/%250A.js");
        assert_eq!(uri("node:internal/timers"), "node:internal/timers");
        assert_eq!(uri(r"C:\app\a.js"), "file:///C%3A/app/a.js");
        assert_eq!(uri(r"\\host\share\a.js"), "file://host/share/a.js");
        assert_eq!(uri("src/\u{1f600}#?.js"), "src/%F0%9F%98%80%23%3F.js");
        assert_eq!(Root::new("/srv/app").uri().unwrap(), "file:///srv/app/");
    }
}

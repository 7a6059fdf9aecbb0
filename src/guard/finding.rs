//! A finding: what the guard gives out, in the shape in which the report writes it. Plain data; the
//! field names are the contract, the units are in the names or in the comments.

use serde::{Deserialize, Serialize};

use crate::ledger::{self, Kind};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Stands out now; too little history to say more. Never warned of.
    Note,
    /// One signal: it grows.
    Suspect,
    /// Two independent signals: it grows and keeps what it gets.
    Leak,
}

impl Severity {
    /// The name as the report writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Suspect => "suspect",
            Self::Leak => "leak",
        }
    }
}

/// What kind of proof it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// An object that should be gone is there.
    Contract,
    /// It grew in every round of a repeated scenario.
    Scenario,
    /// It grew in a running process.
    Trend,
}

impl Tier {
    /// The name as the report writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Scenario => "scenario",
            Self::Trend => "trend",
        }
    }
}

/// One frame of the application.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Frame {
    /// Absolute path or `node:` name.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// `<anonymous>` when it has no name.
    pub function: String,
}

/// The line that adds, and the application's line that led there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Site {
    /// The frame that adds.
    #[serde(flatten)]
    pub frame: Frame,
    /// The npm package of that frame; null for the application's own code.
    pub package: Option<String>,
    /// The first frame of the application; null when `frame` is it.
    pub app: Option<Frame>,
}

impl Site {
    /// The line that the reader can change: the application's, where the one that adds is a package's.
    #[must_use]
    pub fn own_frame(&self) -> &Frame {
        self.app.as_ref().unwrap_or(&self.frame)
    }
}

/// A site and how much of the growth it is responsible for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteShare {
    /// Where.
    #[serde(flatten)]
    pub site: Site,
    /// 0 to 1.
    pub share: f64,
}

/// One signal and what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// `peak`, `fade`, `chance`, `survival`, `cohorts`, `load`, `history`, `explained`, `known`, `contract`, `rounds`, `doubt`,
    /// `allowed`, `baseline`, `held`.
    pub signal: String,
    /// A sentence.
    pub detail: String,
}

/// How much of it was registered by the code that one mark ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkCount {
    /// The mark's label: in test suites the test.
    pub label: String,
    /// In the unit of the finding's count.
    pub count: u64,
}

/// What a leaking owner keeps alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Victim {
    /// As of a finding.
    pub kind: Kind,
    /// As of a finding.
    pub what: String,
    /// As of a finding.
    pub owner: String,
    /// How many.
    pub count: u64,
    /// How large; null when unknown.
    pub bytes: Option<u64>,
}

/// One cause, found once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// 16 hex digits that stay the same over restarts and releases.
    pub signature: String,
    /// What grows.
    pub kind: Kind,
    /// Refines the kind.
    pub what: String,
    /// How bad.
    pub severity: Severity,
    /// How sure, 0 to 1; see `verdict::Judgement::confidence`.
    pub confidence: f64,
    /// Kind of proof.
    pub tier: Tier,
    /// Whose it is; may be empty.
    pub owner: String,
    /// One line.
    pub title: String,
    /// What a warning prints: several lines.
    pub message: String,
    /// How to mend it.
    pub advice: String,
    /// How many now; bytes where memory is what grows: see [`Finding::counts_bytes`].
    pub count: u64,
    /// Highest `count` seen.
    pub peak: u64,
    /// Size; null when unknown.
    pub bytes: Option<u64>,
    /// Growth in the unit of `count`.
    pub rate_per_minute: f64,
    /// Milliseconds until the heap limit; null when not known.
    pub eta_ms: Option<u64>,
    /// Epoch milliseconds.
    pub first_seen: u64,
    /// Epoch milliseconds of its last change.
    pub last_seen: u64,
    /// The site that dominates; null when none does.
    pub site: Option<Site>,
    /// The first ten sites, largest share first.
    pub sites: Vec<SiteShare>,
    /// The first 64 marks whose code registered it; empty in the trend tier.
    #[serde(default)]
    pub marks: Vec<MarkCount>,
    /// What it keeps alive.
    pub victims: Vec<Victim>,
    /// Why it is believed.
    pub evidence: Vec<Evidence>,
    /// At most 64 points of epoch milliseconds and `count`.
    pub history: Vec<(u64, u64)>,
}

/// Signal of what a mark's own code allows.
pub(super) const ALLOWED: &str = "allowed";
/// Signal of what the host's baseline has of it.
const BASELINE: &str = "baseline";

impl Finding {
    /// Whether whoever leaves it has said that it is meant.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.has_signal(ALLOWED)
    }

    /// Whether it may be there: its own code says so, or a baseline that has as much of it.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        let is_known = self.severity == Severity::Note && self.has_signal(BASELINE);
        self.is_allowed() || is_known
    }

    fn has_signal(&self, name: &str) -> bool {
        self.evidence.iter().any(|seen| seen.signal == name)
    }

    /// Whether `count` is memory, not members.
    #[must_use]
    pub fn counts_bytes(&self) -> bool {
        matches!(self.kind, Kind::Heap | Kind::Objects)
            || (self.kind == Kind::Promises && self.bytes == Some(self.count))
    }
}

/// A leak for the tests of this floor: all of it by `site`, everything else plain.
#[cfg(test)]
pub(super) fn example(kind: Kind, what: &str, site: Option<Site>) -> Finding {
    let sites = site.iter().map(|site| SiteShare {
        site: site.clone(),
        share: 1.0,
    });
    Finding {
        signature: String::new(),
        kind,
        what: what.to_owned(),
        severity: Severity::Leak,
        confidence: 0.9,
        tier: Tier::Trend,
        owner: what.to_owned(),
        title: String::new(),
        message: String::new(),
        advice: String::new(),
        count: 100,
        peak: 100,
        bytes: None,
        rate_per_minute: 1.0,
        eta_ms: None,
        first_seen: 0,
        last_seen: 0,
        sites: sites.collect(),
        site,
        marks: Vec::new(),
        victims: Vec::new(),
        evidence: Vec::new(),
        history: Vec::new(),
    }
}

/// What happened to a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// Found for the first time.
    Raised,
    /// Half as large again since the last event.
    Grown,
    /// A suspect became a leak.
    Worse,
    /// Its troughs fell by a quarter, or its subjects are gone.
    Recovered,
}

/// A finding and what happened to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Occurrence {
    /// What happened.
    pub event: Event,
    /// To which finding.
    pub finding: Finding,
}

impl From<&ledger::Frame> for Frame {
    fn from(frame: &ledger::Frame) -> Self {
        let function = if frame.function.is_empty() {
            "<anonymous>"
        } else {
            &frame.function
        };
        Self {
            file: frame.file.clone(),
            line: frame.line,
            column: frame.column,
            function: function.to_owned(),
        }
    }
}

impl From<&ledger::Site> for Site {
    fn from(site: &ledger::Site) -> Self {
        Self {
            frame: Frame::from(&site.frame),
            package: site.package.clone(),
            app: site.app.as_ref().map(Frame::from),
        }
    }
}

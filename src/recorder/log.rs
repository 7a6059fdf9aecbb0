//! The log of findings: each distinct one once, with how often it was told of. It knows how a finding is made to fit,
//! and no file.
//!
//! A new version of a finding goes where no finding is, and only then is the old one struck out, so that a process
//! which is killed in between leaves one of the two. What a reader finds twice it takes from the newer.

use std::io;

use super::bytes::check;
use super::layout::Region;
use super::records::{Entry, FINDING_TEXT_BYTES};
use crate::guard::{Event, Finding, Guard, Occurrence, Severity};
use crate::ledger::cut;

/// Open findings whose state is compared at each tick: a quarter of them.
const TURNS: usize = 4;

/// Writes bytes at an offset.
pub(super) type Write<'a> = &'a mut dyn FnMut(usize, &[u8]) -> io::Result<()>;

pub(super) struct Log {
    region: Region,
    /// By place; the default where there is none.
    entries: Vec<Entry>,
    free: Vec<usize>,
    sequence: u64,
    /// Findings for which there was no room.
    pub(super) unlogged: u64,
}

impl Log {
    pub(super) fn new(region: Region) -> Self {
        Self {
            region,
            entries: vec![Entry::default(); region.count],
            free: (0..region.count).rev().collect(),
            sequence: 0,
            unlogged: 0,
        }
    }

    /// Takes down what happened at `at` (epoch ms).
    pub(super) fn add(
        &mut self,
        occurrence: &Occurrence,
        at: f64,
        write: Write<'_>,
    ) -> io::Result<()> {
        let Occurrence { event, finding } = occurrence;
        let Ok(signature) = u64::from_str_radix(&finding.signature, 16) else {
            return Ok(());
        };
        let old = self.place_of(signature);
        let Some(place) = self.room(old.is_some()) else {
            self.unlogged += 1;
            return Ok(());
        };
        let known = old.map(|old| self.entries[old]);
        let entry = Entry {
            signature,
            first: known.map_or(at, |known| known.first),
            last: at,
            count: known.map_or(0, |known| known.count).saturating_add(1),
            is_open: *event != Event::Recovered,
            // Of each other event the host says again whether it wants to hear of it.
            is_dropped: *event == Event::Recovered && known.is_some_and(|known| known.is_dropped),
            ..Entry::default()
        };
        self.put(place, entry, finding, write)?;
        old.map_or(Ok(()), |old| self.strike_out(old, write))
    }

    /// What is open is described anew: its numbers, texts and evidence are those of now. Nobody is told of that.
    pub(super) fn renew(&mut self, findings: &[Finding], write: Write<'_>) -> io::Result<()> {
        for finding in findings {
            let signature = u64::from_str_radix(&finding.signature, 16);
            let Some(old) = signature.ok().and_then(|it| self.place_of(it)) else {
                continue;
            };
            let entry = self.entries[old];
            if !entry.is_open || entry.is_dropped {
                continue;
            }
            let Some(place) = self.room(true) else {
                return Ok(());
            };
            self.put(place, entry, finding, write)?;
            self.strike_out(old, write)?;
        }
        Ok(())
    }

    fn place_of(&self, signature: u64) -> Option<usize> {
        self.entries
            .iter()
            .position(|it| it.sequence > 0 && it.signature == signature)
    }

    /// Writes the newest version of a finding.
    fn put(
        &mut self,
        place: usize,
        about: Entry,
        finding: &Finding,
        write: Write<'_>,
    ) -> io::Result<()> {
        let text = fit(finding, FINDING_TEXT_BYTES);
        self.sequence += 1;
        let entry = Entry {
            sequence: self.sequence,
            // Below 64 KiB.
            text_bytes: u32::try_from(text.len()).unwrap_or(0),
            text_check: check(text.as_bytes()),
            is_leak: finding.severity == Severity::Leak,
            ..about
        };
        let mut record = entry.encode().to_vec();
        record.extend_from_slice(text.as_bytes());
        write(self.region.at(place), &record)?;
        self.entries[place] = entry;
        Ok(())
    }

    /// A place without a finding. The last is for new versions of those that are there; a new one takes that of
    /// the one over longest.
    fn room(&mut self, is_known: bool) -> Option<usize> {
        if is_known || self.free.len() > 1 {
            return self.free.pop();
        }
        let entries = self.entries.iter().enumerate();
        let over = entries.filter(|(_, it)| it.sequence > 0 && (!it.is_open || it.is_dropped));
        let (place, _) = over.min_by_key(|(_, it)| it.sequence)?;
        Some(place)
    }

    fn strike_out(&mut self, place: usize, write: Write<'_>) -> io::Result<()> {
        self.entries[place] = Entry::default();
        self.free.push(place);
        write(self.region.at(place), &Entry::default().encode())
    }

    /// The host does not want to hear of a finding.
    pub(super) fn drop_finding(&mut self, signature: &str, write: Write<'_>) -> io::Result<()> {
        let Ok(signature) = u64::from_str_radix(signature, 16) else {
            return Ok(());
        };
        let entries = self.entries.iter_mut().enumerate();
        for (place, entry) in entries.filter(|(_, it)| it.signature == signature && it.is_open) {
            entry.is_dropped = true;
            write(self.region.at(place), &entry.encode())?;
        }
        Ok(())
    }

    /// Findings come to their end, or become worse and better, without an event, too.
    pub(super) fn refresh(&mut self, guard: &Guard, turn: u64, write: Write<'_>) -> io::Result<()> {
        // A remainder below four.
        let turn = usize::try_from(turn % TURNS as u64).unwrap_or(0);
        for place in (turn..self.entries.len()).step_by(TURNS) {
            let entry = &mut self.entries[place];
            if !entry.is_open || entry.sequence == 0 {
                continue;
            }
            let mut raised = guard.raised();
            let severity = raised.find(|&(signature, _)| signature == entry.signature);
            let is_leak = severity.map_or(entry.is_leak, |(_, it)| it == Severity::Leak);
            if severity.is_some() && is_leak == entry.is_leak {
                continue;
            }
            (entry.is_open, entry.is_leak) = (severity.is_some(), is_leak);
            write(self.region.at(place), &entry.encode())?;
        }
        Ok(())
    }
}

/// The JSON of a finding in at most so many bytes: what says least goes first, and texts are cut last.
fn fit(finding: &Finding, most: usize) -> String {
    let json = |finding: &Finding| serde_json::to_string(finding).unwrap_or_default();
    let mut text = json(finding);
    if text.len() <= most {
        return text;
    }
    let mut small = finding.clone();
    let steps: [fn(&mut Finding); 6] = [
        |it| {
            let from = it.history.len().saturating_sub(16);
            it.history.drain(..from);
        },
        |it| it.marks.truncate(4),
        |it| it.history.clear(),
        |it| it.evidence.truncate(4),
        |it| it.sites.truncate(3),
        |it| {
            it.victims.truncate(4);
            it.marks.clear();
        },
    ];
    for step in steps {
        step(&mut small);
        text = json(&small);
        if text.len() <= most {
            return text;
        }
    }
    small.sites.truncate(1);
    small.victims.clear();
    small.evidence.clear();
    for length in [512, 128, 32, 8] {
        cut_texts(&mut small, length);
        text = json(&small);
        if text.len() <= most {
            return text;
        }
    }
    text
}

/// Cuts every text of a finding.
fn cut_texts(finding: &mut Finding, length: usize) {
    let sites = finding.sites.iter_mut().map(|it| &mut it.site);
    for site in sites.chain(&mut finding.site) {
        for frame in [Some(&mut site.frame), site.app.as_mut()]
            .into_iter()
            .flatten()
        {
            frame.file = super::bytes::tail(&frame.file, length).to_owned();
            frame.function = cut(&frame.function, length).to_owned();
        }
        site.package = site
            .package
            .take()
            .map(|name| cut(&name, length).to_owned());
    }
    let texts = [
        &mut finding.what,
        &mut finding.owner,
        &mut finding.title,
        &mut finding.message,
        &mut finding.advice,
    ];
    for text in texts {
        *text = cut(text, length).to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::testing::finding;
    use super::*;

    fn region(count: usize) -> Region {
        Region {
            offset: 0,
            record_bytes: super::super::layout::FINDING_BYTES,
            count,
        }
    }

    fn occurrence(event: Event, signature: u64) -> Occurrence {
        let mut finding = finding();
        finding.signature = format!("{signature:016x}");
        Occurrence { event, finding }
    }

    /// The signatures of the newest versions in a file, with whether they are open.
    fn signatures(file: &[u8], count: usize) -> Vec<(u64, bool)> {
        let region = region(count);
        let records = (0..count).filter_map(|place| region.record(file, place));
        let mut found: Vec<(u64, bool)> = records
            .filter_map(|record| Entry::decode(record).unwrap())
            .map(|entry| (entry.signature, entry.is_open))
            .collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn a_finding_of_any_size_fits_and_stays_one() {
        let plain = finding();
        assert_eq!(fit(&plain, 1 << 20), serde_json::to_string(&plain).unwrap());
        let mut large = finding();
        large.history = vec![(u64::MAX, u64::MAX); 64];
        large.message = "ä\"\\\n".repeat(4_000);
        large.owner = "x".repeat(4_000);
        large.sites = vec![large.sites[0].clone(); 10];
        for site in &mut large.sites {
            site.site.frame.file = format!("/{}", "\u{1}".repeat(4_000));
        }
        let text = fit(&large, FINDING_TEXT_BYTES);
        assert!(text.len() <= FINDING_TEXT_BYTES, "{}", text.len());
        let read: Finding = serde_json::from_str(&text).unwrap();
        assert_eq!(read.signature, large.signature);
    }

    #[test]
    fn at_every_write_of_a_new_version_one_is_whole() {
        let mut log = Log::new(region(3));
        let mut file = vec![0; region(3).record_bytes * 3];
        for event in [Event::Raised, Event::Grown, Event::Worse, Event::Recovered] {
            let occurrence = occurrence(event, 7);
            let mut seen = Vec::new();
            let mut write = |at: usize, bytes: &[u8]| {
                // A write that is cut short in the middle.
                let mut torn = file.clone();
                torn[at..at + bytes.len() / 2].copy_from_slice(&bytes[..bytes.len() / 2]);
                seen.push(torn);
                file[at..at + bytes.len()].copy_from_slice(bytes);
                Ok(())
            };
            log.add(&occurrence, 1.0, &mut write).unwrap();
            if event == Event::Raised {
                continue;
            }
            for torn in seen {
                let whole = (0..3).any(|place| {
                    let record = region(3).record(&torn, place).unwrap();
                    Entry::decode(record)
                        .is_ok_and(|entry| entry.is_some_and(|it| it.text(record).is_some()))
                });
                assert!(whole, "{event:?}");
            }
        }
        assert_eq!(signatures(&file, 3), [(7, false)]);
    }

    #[test]
    fn a_finding_that_the_host_does_not_want_to_hear_of_stays_dropped_when_it_is_over() {
        let mut log = Log::new(region(3));
        let mut file = vec![0; region(3).record_bytes * 3];
        let mut write = |at: usize, bytes: &[u8]| {
            file[at..at + bytes.len()].copy_from_slice(bytes);
            Ok(())
        };
        let is_dropped = |log: &Log| log.entries[log.place_of(7).unwrap()].is_dropped;
        let raised = occurrence(Event::Raised, 7);
        log.add(&raised, 1.0, &mut write).unwrap();
        log.drop_finding(&raised.finding.signature, &mut write)
            .unwrap();
        log.add(&occurrence(Event::Recovered, 7), 2.0, &mut write)
            .unwrap();
        assert!(is_dropped(&log));
        log.add(&raised, 3.0, &mut write).unwrap();
        assert!(!is_dropped(&log), "the host is asked again");
    }

    #[test]
    fn a_full_log_gives_up_the_one_over_longest_and_none_that_is_open() {
        let mut log = Log::new(region(3));
        let mut file = vec![0; region(3).record_bytes * 3];
        let mut add = |log: &mut Log, event, signature| {
            let mut write = |at: usize, bytes: &[u8]| {
                file[at..at + bytes.len()].copy_from_slice(bytes);
                Ok(())
            };
            log.add(&occurrence(event, signature), 1.0, &mut write)
                .unwrap();
            signatures(&file, 3)
        };
        add(&mut log, Event::Raised, 1);
        assert_eq!(add(&mut log, Event::Raised, 2), [(1, true), (2, true)]);
        assert_eq!(add(&mut log, Event::Raised, 3), [(1, true), (2, true)]);
        assert_eq!(log.unlogged, 1);
        add(&mut log, Event::Recovered, 2);
        assert_eq!(add(&mut log, Event::Raised, 3), [(1, true), (3, true)]);
        assert_eq!(add(&mut log, Event::Grown, 1), [(1, true), (3, true)]);
    }
}

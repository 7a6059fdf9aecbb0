//! The words for a reader who was woken by them: what it is, how to mend it, what to run next.
//!
//! Data, not logic: one arm per kind, and per `what` where the cure differs.

use super::finding::{Finding, Severity};
use super::phrase::{bytes, count, decimal, plural};
use crate::ledger::Kind;

/// What the words are about.
#[derive(Clone, Copy)]
pub(super) struct Topic<'a> {
    pub(super) kind: Kind,
    pub(super) what: &'a str,
    pub(super) owner: &'a str,
    /// Whether it is counted in bytes.
    pub(super) is_memory: bool,
}

impl<'a> Topic<'a> {
    pub(super) fn of(finding: &'a Finding) -> Self {
        Self {
            kind: finding.kind,
            what: &finding.what,
            owner: &finding.owner,
            is_memory: finding.counts_bytes(),
        }
    }

    /// `128 listeners on EventEmitter 'tick'`.
    pub(super) fn title(self, level: u64) -> String {
        let Self {
            kind, what, owner, ..
        } = self;
        match kind {
            Kind::Listeners => format!(
                "{} on {}",
                plural(level, "listener", "listeners"),
                self.name()
            ),
            Kind::Timers => format!("{} live {}", count(level), numbered(level, what, "timer")),
            Kind::Collections | Kind::Globals => sized(kind, what, owner, level),
            Kind::Objects => format!("{} of live {}", bytes(level as f64), objects(what)),
            Kind::Promises if self.is_memory => {
                format!("{} of live promises", bytes(level as f64))
            }
            Kind::Promises => plural(level, "pending promise", "pending promises"),
            Kind::Handles => format!(
                "{} open {}",
                count(level),
                numbered(level, self.name(), "handle")
            ),
            // A level is a count below 2^53.
            Kind::Heap => format!("{} of {} in use", memory(what), bytes(level as f64)),
            Kind::Retained => format!(
                "{} that should be gone: {}",
                plural(level, "object", "objects"),
                self.name()
            ),
        }
    }

    /// `3 listeners left on EventEmitter 'tick'`: what was registered and not taken away again.
    pub(super) fn left(self, number: u64) -> String {
        let Self { kind, what, .. } = self;
        match kind {
            Kind::Listeners => format!(
                "{} left on {}",
                plural(number, "listener", "listeners"),
                self.name()
            ),
            Kind::Timers => format!("{} {} left", count(number), numbered(number, what, "timer")),
            Kind::Collections | Kind::Globals => {
                let units = unit(kind, what);
                let units = if number == 1 { singular(units) } else { units };
                format!("{} {units} left in {}", count(number), self.name())
            }
            Kind::Handles => format!(
                "{} {} left open",
                count(number),
                numbered(number, self.name(), "handle")
            ),
            Kind::Retained => self.title(number),
            Kind::Objects | Kind::Promises | Kind::Heap => format!("{} left", self.title(number)),
        }
    }

    /// `128 listeners on EventEmitter 'tick', growing by 12.0 listeners per minute`, after the title.
    pub(super) fn growing(self, title: &str, rate_per_minute: f64) -> String {
        if rate_per_minute <= 0.0 {
            return title.to_owned();
        }
        let amount = if self.is_memory {
            bytes(rate_per_minute)
        } else {
            let units = unit(self.kind, self.what);
            format!("{} {units}", decimal(rate_per_minute))
        };
        format!("{title}, growing by {amount} per minute")
    }

    fn name(self) -> &'a str {
        if self.owner.is_empty() {
            self.what
        } else {
            self.owner
        }
    }
}

/// `128 listeners on EventEmitter 'tick' (in 3 places)`: how many lists, maps … it is spread over.
pub(super) fn in_places(title: String, places: usize) -> String {
    if places > 1 {
        format!("{title} (in {} places)", count(places as u64))
    } else {
        title
    }
}

/// Of a [`unit`].
fn singular(units: &str) -> &str {
    match units {
        "entries" => "entry",
        _ => units.trim_end_matches('s'),
    }
}

fn memory(what: &str) -> &str {
    match what {
        "external" => "external memory",
        "arrayBuffers" => "array buffers",
        "rss" => "resident memory",
        _ => "heap",
    }
}

/// `sessions (Map) of 12,345 entries`.
fn sized(kind: Kind, what: &str, owner: &str, level: u64) -> String {
    let what = if what.is_empty() { kind.name() } else { what };
    let name = match owner {
        "" => what.to_owned(),
        _ if owner == what => what.to_owned(),
        _ => format!("{owner} ({what})"),
    };
    let size = match what {
        "object" | "global" | "globalThis" => plural(level, "key", "keys"),
        "array" => plural(level, "element", "elements"),
        "size" | "function" => format!("size {}", count(level)),
        _ => plural(level, "entry", "entries"),
    };
    format!("{name} of {size}")
}

/// `objects`, `arrays`, `promises`: what an allocation site's samples are, as far as its stack tells.
fn objects(what: &str) -> String {
    numbered(0, what, "object")
}

fn numbered(level: u64, what: &str, otherwise: &str) -> String {
    let what = if what.is_empty() { otherwise } else { what };
    if level == 1 || what.ends_with('s') {
        what.to_owned()
    } else {
        format!("{what}s")
    }
}

/// How to mend it.
pub(crate) fn fix(kind: Kind, what: &str) -> &'static str {
    match (kind, what) {
        (Kind::Listeners, "AbortSignal") => {
            "remove the abort listener when the work ends (removeEventListener, or pass { signal } or \
             { once: true }), or make one AbortController per request instead of one for the process"
        }
        (Kind::Listeners, "EventTarget") => {
            "call removeEventListener() with the same function when its owner is done, or add it with \
             { once: true } or { signal } so that it removes itself"
        }
        (Kind::Listeners, _) => {
            "call off() with the same function when its owner is done, use once() for a single event, or \
             tie it to an AbortSignal; if one listener is enough, add it once, outside of the request"
        }
        (Kind::Timers, "interval") => {
            "keep what setInterval() returns and call clearInterval() when its owner closes, or use one \
             interval for all owners"
        }
        (Kind::Timers, "timeout") => {
            "call clearTimeout() once the work is done, as a timeout that lost a race stays until it \
             fires; unref() it if the process need not wait, or give it a shorter delay"
        }
        (Kind::Timers, "immediate") => {
            "an immediate that makes further ones never lets the queue drain; bound the work per turn"
        }
        (Kind::Timers, _) => "clear each timer when its owner is done",
        (Kind::Collections, "WeakMap" | "WeakSet") => "drop the keys: something else still holds them",
        (Kind::Collections, "array") => {
            "take elements out again (shift, splice, length = n), or keep a ring of fixed size"
        }
        (Kind::Collections, "Set") => {
            "delete() members when they are done, or use a WeakSet when they are objects"
        }
        (Kind::Collections, _) => {
            "bound it with lru-cache (max) or a time to live, delete() keys when they are done, or use a \
             WeakMap or WeakRefs when the keys are objects"
        }
        (Kind::Globals, "Map" | "Set" | "array" | "size") => {
            "what hangs on globalThis lives as long as the process: bound it (lru-cache with max, a ring, a \
             time to live), delete what is done, or give it to the owner whose end it should share"
        }
        (Kind::Globals, _) => {
            "declare it with const or let inside the function that uses it; what hangs on globalThis or \
             require.cache lives as long as the process"
        }
        (Kind::Objects, _) => {
            "find who still refers to them: a closure, a collection or a listener that outlives the request"
        }
        (Kind::Promises, _) => {
            "settle them: add a timeout or an AbortSignal to what they wait for, and do not race() against \
             a promise that lives as long as the process"
        }
        (Kind::Handles, _) => {
            "close() or destroy() it in finally, also when the work fails; set a timeout on idle connections"
        }
        (Kind::Heap, "external" | "arrayBuffers") => {
            "find who keeps Buffers, typed arrays or native objects: queues of chunks, caches of bodies, \
             slices that keep a whole Buffer alive"
        }
        (Kind::Heap, "rss") => {
            "when heap and external memory stand still, it is native memory or fragmentation: look at \
             addons, and try another allocator (jemalloc, MALLOC_ARENA_MAX=2)"
        }
        (Kind::Heap, _) => {
            "find what grows: start with LEAKGUARD_LEVEL=survivors to name the allocating lines, or \
             compare two heap snapshots taken some minutes apart"
        }
        (Kind::Retained, _) => "remove the reference that keeps it: a listener, a timer, a cache or a closure",
    }
}

/// What to run to learn more.
pub(super) fn next(kind: Kind, severity: Severity) -> &'static str {
    match (kind, severity) {
        (Kind::Heap, _) => "npx leakguard run --level survivors -- node <your app>",
        (_, Severity::Note) => "leakguard.report() once more after some time, or let it run on",
        _ => {
            "leakguard.report() in the process, or LEAKGUARD_REPORT=leaks.json and then \
             npx leakguard report leaks.json"
        }
    }
}

/// `listeners`: what a rate counts.
pub(super) fn unit(kind: Kind, what: &str) -> &'static str {
    match (kind, what) {
        (Kind::Listeners, _) => "listeners",
        (Kind::Timers, "interval") => "intervals",
        (Kind::Timers, "timeout") => "timeouts",
        (Kind::Timers, "immediate") => "immediates",
        (Kind::Timers, _) => "timers",
        (Kind::Collections | Kind::Globals, "array") => "elements",
        (Kind::Collections, "object") | (Kind::Globals, "global" | "object") => "keys",
        (Kind::Collections | Kind::Globals, _) => "entries",
        (Kind::Objects | Kind::Retained, _) => "objects",
        (Kind::Promises, _) => "promises",
        (Kind::Handles, _) => "handles",
        (Kind::Heap, _) => "bytes",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic<'a>(kind: Kind, what: &'a str, owner: &'a str) -> Topic<'a> {
        Topic {
            kind,
            what,
            owner,
            is_memory: false,
        }
    }

    #[test]
    fn titles_say_how_many_of_what() {
        let title = |kind, what, owner, level| topic(kind, what, owner).title(level);
        assert_eq!(
            title(Kind::Listeners, "EventEmitter", "EventEmitter 'tick'", 128),
            "128 listeners on EventEmitter 'tick'"
        );
        assert_eq!(title(Kind::Timers, "interval", "", 40), "40 live intervals");
        assert_eq!(title(Kind::Timers, "interval", "", 1), "1 live interval");
        assert_eq!(
            title(Kind::Collections, "Map", "Map", 12_345),
            "Map of 12,345 entries"
        );
        assert_eq!(
            title(Kind::Collections, "Map", "sessions", 12_345),
            "sessions (Map) of 12,345 entries"
        );
        assert_eq!(
            title(Kind::Heap, "heap", "heap", 123 << 20),
            "heap of 123 MiB in use"
        );
        assert_eq!(
            title(Kind::Heap, "arrayBuffers", "arrayBuffers", 2 << 20),
            "array buffers of 2.0 MiB in use"
        );
        assert_eq!(
            title(Kind::Handles, "TCPSocketWrap", "", 9),
            "9 open TCPSocketWraps"
        );
    }

    #[test]
    fn promises_are_counted_where_they_are_followed_and_weighed_where_the_heap_is_sampled() {
        let promises = topic(Kind::Promises, "promise", "");
        let sampled = Topic {
            is_memory: true,
            ..promises
        };
        assert_eq!(promises.title(2_048), "2,048 pending promises");
        assert_eq!(sampled.title(2_048), "2.0 KiB of live promises");
    }

    #[test]
    fn a_grouped_title_says_how_many_subjects_it_is_spread_over() {
        let title = topic(Kind::Listeners, "EventEmitter", "Socket 'close'").title(6_000);
        assert_eq!(in_places(title.clone(), 1), title);
        assert_eq!(
            in_places(title, 300),
            "6,000 listeners on Socket 'close' (in 300 places)"
        );
    }

    #[test]
    fn every_kind_has_a_cure_and_a_next_step() {
        for kind in Kind::ALL {
            assert!(fix(kind, "").len() > 20);
            assert!(!next(kind, Severity::Leak).is_empty());
            assert!(!unit(kind, "").is_empty());
        }
    }
}

//! Why a finding is believed, one sentence per signal.

use super::finding::Evidence;
use super::phrase::{count, decimal, duration, percent, whole};
use crate::verdict::generations::Generations;
use crate::verdict::trend::Trend;
use crate::verdict::{Judgement, Verdict};

/// The sentences behind a verdict; `amount` words a level, ticks are `tick_ms` long.
pub(super) fn of_judgement(
    judgement: &Judgement,
    amount: impl Fn(u32) -> String,
    tick_ms: f64,
) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let mut say = |signal: &str, detail: String| {
        evidence.push(Evidence {
            signal: signal.to_owned(),
            detail,
        });
    };
    if let Some(trend) = &judgement.trend {
        let window = duration(f64::from(trend.window_ticks) * tick_ms);
        say(
            "peak",
            format!(
                "over the last {window} its low never came back under {}, above the earlier high of {}",
                amount(trend.last_trough),
                amount(trend.first_peak)
            ),
        );
        say("fade", of_fade(trend.fade, trend.slows_down()));
        say(
            "chance",
            format!(
                "{} rises against {} falls: odds of at least {} to 1 against chance",
                trend.rises,
                trend.falls,
                // Beyond a billion the number says nothing more.
                count(whole(10f64.powf(trend.log10_e.min(9.0))))
            ),
        );
    }
    if let Some(load) = judgement.trend.as_ref().and_then(of_load) {
        say("load", load);
    }
    if let Some(succession) = &judgement.succession {
        let (births, deaths) = (succession.counts.births, succession.counts.deaths);
        let whose = match (succession.of_dominant_site, succession.sampled) {
            (true, _) => "samples of the dominant site",
            (false, true) => "samples",
            (false, false) => "rises of its size",
        };
        let (born, gone) = (count(whole(births)), count(whole(deaths)));
        let verdict = match (succession.passes(), succession.too_few()) {
            (true, _) => "what is added stays",
            (false, true) => "too few to tell whether they stay",
            (false, false) => "much is taken away again",
        };
        say(
            "survival",
            format!("of {born} {whose}, {gone} are gone: {verdict}"),
        );
    }
    if let Some(generations) = &judgement.generations {
        let pace = judgement.trend.map_or(1.0, |trend| trend.fade);
        say("cohorts", of_cohorts(generations, pace));
    }
    evidence
}

fn of_cohorts(generations: &Generations, pace: f64) -> String {
    let (old, surviving) = (generations.old, generations.surviving);
    let verdict = if generations.too_few() {
        "too few to tell whether they stay"
    } else if generations.fades(pace) {
        "they become fewer with age, as in a cache that turns over"
    } else if generations.dries_up(pace) {
        "fewer are made of late, as where a cache is almost full"
    } else if generations.passes(pace) {
        "what is made there stays"
    } else {
        "most of what is made there is gone"
    };
    format!(
        "of {} made in the {} rounds before the newest, {} still have survivors, {} samples in all: \
         {verdict}",
        cohorts(old),
        count(u64::from(generations.old_rounds)),
        count(u64::from(surviving)),
        count(u64::from(generations.survivors)),
    )
}

fn cohorts(number: u32) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} cohort{plural}", count(u64::from(number)))
}

/// Nothing when the load did not grow, or is not known.
fn of_load(trend: &Trend) -> Option<String> {
    let verdict = if trend.follows_load() {
        "which alone explains the growth"
    } else {
        "which does not explain the growth"
    };
    let times = decimal(trend.load_growth);
    (trend.load_growth > 1.0)
        .then(|| format!("meanwhile the load grew to {times} times, {verdict}"))
}

fn of_fade(fade: f64, slows_down: bool) -> String {
    if slows_down {
        "growth is slowing down, as that of a filling cache would".to_owned()
    } else if fade.is_finite() {
        format!(
            "growth does not fade: the last third grew at {} of the rate before it",
            percent(fade)
        )
    } else {
        "growth does not fade: the last third grew, the one before it did not".to_owned()
    }
}

/// The sentence behind a note.
pub(super) fn of_youth(history_ticks: u32, patience_ticks: u32) -> Vec<Evidence> {
    vec![Evidence {
        signal: "history".to_owned(),
        detail: format!(
            "{} of the {} ticks that a verdict takes",
            count(u64::from(history_ticks)),
            count(u64::from(patience_ticks))
        ),
    }]
}

/// In half a line: what the verdict stands on.
pub(super) fn in_short(judgement: &Judgement) -> String {
    let Some(trend) = &judgement.trend else {
        return String::new();
    };
    let rises = format!("{} rises, {} falls", trend.rises, trend.falls);
    if let Some(generations) = &judgement.generations {
        return format!(
            "{rises}, and {} of {} have survivors",
            count(u64::from(generations.surviving)),
            cohorts(generations.old)
        );
    }
    match &judgement.succession {
        Some(succession) if judgement.verdict == Verdict::Leak => {
            format!(
                "{rises}, and {} of what is added stays",
                stays(succession.counts)
            )
        }
        Some(succession) if succession.too_few() => {
            format!("{rises}; too few births to tell whether they stay")
        }
        Some(succession) if !succession.passes() => {
            format!(
                "{rises}, but only {} of what is added stays",
                stays(succession.counts)
            )
        }
        Some(_) if trend.follows_load() => format!("{rises}, but no faster than the load"),
        Some(_) if trend.slows_down() => format!("{rises}, but slowing down"),
        Some(_) => format!("{rises}, but not enough of them to be sure"),
        None => format!("{rises}; whether it stays is not known"),
    }
}

fn stays(counts: crate::verdict::succession::Counts) -> String {
    if counts.births <= 0.0 {
        return decimal(0.0);
    }
    percent((1.0 - counts.deaths / counts.births).clamp(0.0, 1.0))
}

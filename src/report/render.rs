//! A stored report in any format. The input is a file someone hands us, so every fault is named with its
//! place and with what is accepted.

use serde::Deserialize;

use super::{github, html, junit, markdown, merge, sarif, text, Report, Root, SCHEMA};
use crate::error::{Error, Kind, Result};

/// How to write a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    Text,
    /// The model itself, indented.
    Json,
    /// Markdown, for a comment under a pull request.
    Markdown,
    /// One HTML file that needs nothing else.
    Html,
    /// `JUnit` XML, for servers that show tests.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands, for annotations of GitHub Actions.
    Github,
}

impl Format {
    /// The format of that name.
    ///
    /// # Errors
    /// `InvalidInput` that lists the names.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            "md" => Ok(Self::Markdown),
            "html" => Ok(Self::Html),
            "junit" => Ok(Self::Junit),
            "sarif" => Ok(Self::Sarif),
            "github" => Ok(Self::Github),
            _ => {
                let message = format!(
                    "format is {name:?}; accepted: text, json, md, html, junit, sarif, github"
                );
                Err(Error::new(Kind::InvalidInput, message))
            }
        }
    }
}

fn not_a_report(json: &str, cause: serde_json::Error) -> Error {
    Error::json("report", json, cause)
        .accepting("the JSON that leakguard.report() or LEAKGUARD_REPORT writes")
}

/// Writes the report in `json` as `format`; where a service shows it beside the code, files below `root`
/// go by their relative path.
///
/// # Errors
/// `InvalidInput` for text that is not JSON, not a report, or a report of another schema.
pub fn render(json: &str, format: Format, root: &Root) -> Result<String> {
    let report = parse(json)?;
    Ok(match format {
        Format::Text => text::write(&report),
        Format::Json => report.to_indented_json(),
        Format::Markdown => markdown::write(&report),
        Format::Html => html::write(&report, &html::excerpts(json)),
        Format::Junit => junit::write(&report, root),
        Format::Sarif => sarif::write(&report, root),
        Format::Github => github::write(&report, root),
    })
}

/// The JSON of one report made of several; see [`merge()`].
///
/// # Errors
/// `InvalidInput` as of [`render()`] for the first that is no report, and when there is none at all.
pub fn merge_stored<'a>(jsons: impl IntoIterator<Item = &'a str>) -> Result<String> {
    let reports: Result<Vec<Report>> = jsons.into_iter().map(parse).collect();
    let merged = merge(reports?);
    let none = || {
        Error::new(
            Kind::InvalidInput,
            "report: there is none; accepted: one or more",
        )
    };
    merged.ok_or_else(none).map(|report| report.to_json())
}

fn parse(json: &str) -> Result<Report> {
    #[derive(Deserialize)]
    struct Versioned {
        schema: Option<serde_json::Value>,
    }

    let versioned: Versioned =
        serde_json::from_str(json).map_err(|cause| not_a_report(json, cause))?;
    match versioned.schema {
        Some(schema) if schema == SCHEMA => {}
        found => {
            let found = found.map_or("missing".to_owned(), |schema| schema.to_string());
            let message = format!(
                "report: schema is {found}; accepted: {SCHEMA}, as leakguard {} writes it",
                env!("CARGO_PKG_VERSION")
            );
            return Err(Error::new(Kind::InvalidInput, message));
        }
    }
    serde_json::from_str(json).map_err(|cause| not_a_report(json, cause))
}

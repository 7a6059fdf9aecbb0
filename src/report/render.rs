//! A stored report in any format. The input is a file someone hands us, so every fault is named with its
//! place and with what is accepted.

use serde::Deserialize;

use super::{markdown, text, Report, SCHEMA};
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
            _ => {
                let message = format!("format is {name:?}; accepted: text, json, md");
                Err(Error::new(Kind::InvalidInput, message))
            }
        }
    }
}

fn not_a_report(json: &str, cause: serde_json::Error) -> Error {
    Error::json("report", json, cause)
        .accepting("the JSON that leakguard.report() or LEAKGUARD_REPORT writes")
}

/// Writes the report in `json` as `format`.
///
/// # Errors
/// `InvalidInput` for text that is not JSON, not a report, or a report of another schema.
pub fn render(json: &str, format: Format) -> Result<String> {
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
    let report: Report = serde_json::from_str(json).map_err(|cause| not_a_report(json, cause))?;
    Ok(match format {
        Format::Text => text::write(&report),
        Format::Json => report.to_indented_json(),
        Format::Markdown => markdown::write(&report),
    })
}

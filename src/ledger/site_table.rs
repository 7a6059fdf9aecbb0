//! Call sites by number. A site is the frame that adds members and, when that is a library's, the
//! first frame of the application above it.

use serde::Deserialize;

use super::strings::{StringId, Strings};

/// Sites the table holds. Only sites that add to a subject past its threshold get here.
pub const MAX_SITES: usize = 2048;

/// One stack frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    /// Absolute path or `node:` name.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// Empty for an anonymous function.
    #[serde(default)]
    pub function: String,
    /// Path within its package (`express/lib/router.js`): the part that survives an installation elsewhere.
    #[serde(default)]
    pub module: String,
}

/// A call site as the outside describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Site {
    /// The frame that adds.
    #[serde(flatten)]
    pub frame: Frame,
    /// The npm package of that frame; none for the application's own code.
    #[serde(default)]
    pub package: Option<String>,
    /// The first frame of the application, when `frame` is not one.
    #[serde(default)]
    pub app: Option<Frame>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct FrameRow {
    line: u32,
    column: u32,
    file: StringId,
    function: StringId,
    module: StringId,
}

/// A row without a file is free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Row {
    frame: FrameRow,
    app: FrameRow,
    package: StringId,
}

/// The sites that have a number.
pub(crate) struct SiteTable {
    rows: Box<[Row]>,
}

impl SiteTable {
    pub(crate) fn new() -> Self {
        Self {
            rows: vec![Row::default(); MAX_SITES].into_boxed_slice(),
        }
    }

    /// The number of `site`, from 1; a site defined before keeps its number. `Err` says what is full.
    pub(crate) fn define(&mut self, strings: &mut Strings, site: &Site) -> Result<u16, Full> {
        let row = intern_site(strings, site).ok_or(Full::Strings)?;
        let free = || self.rows.iter().position(|row| row.frame.file == 0);
        let known = self.rows.iter().position(|known| *known == row);
        let place = known.or_else(free).ok_or(Full::Rows)?;
        self.rows[place] = row;
        // MAX_SITES is 2^11.
        Ok(u16::try_from(place + 1).unwrap_or(0))
    }

    pub(crate) fn contains(&self, site: u16) -> bool {
        self.row(site).is_some()
    }

    pub(crate) fn get(&self, strings: &Strings, site: u16) -> Option<Site> {
        let row = self.row(site)?;
        let package = (row.package != 0).then(|| strings.get(row.package).to_owned());
        let app = (row.app.file != 0).then(|| row.app.text(strings));
        Some(Site {
            frame: row.frame.text(strings),
            package,
            app,
        })
    }

    fn row(&self, site: u16) -> Option<&Row> {
        let row = self.rows.get(usize::from(site).checked_sub(1)?)?;
        (row.frame.file != 0).then_some(row)
    }

    /// Frees every site that `in_use` does not claim, and says which.
    pub(crate) fn sweep(&mut self, in_use: impl Fn(u16) -> bool) -> Vec<u32> {
        let mut freed = Vec::new();
        for (row, number) in self.rows.iter_mut().zip(1u16..) {
            if row.frame.file != 0 && !in_use(number) {
                *row = Row::default();
                freed.push(u32::from(number));
            }
        }
        freed
    }

    /// Every string a site refers to.
    pub(crate) fn visit_strings(&self, mut visit: impl FnMut(StringId)) {
        for Row {
            frame,
            app,
            package,
        } in &self.rows
        {
            for id in [frame.file, frame.function, frame.module] {
                visit(id);
            }
            for id in [app.file, app.function, app.module, *package] {
                visit(id);
            }
        }
    }

    /// What it occupies, which never changes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.rows)
    }
}

/// Why a site got no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// No row is free.
    Rows,
    /// No room for its texts.
    Strings,
}

impl FrameRow {
    fn text(self, strings: &Strings) -> Frame {
        Frame {
            file: strings.get(self.file).to_owned(),
            line: self.line,
            column: self.column,
            function: strings.get(self.function).to_owned(),
            module: strings.get(self.module).to_owned(),
        }
    }
}

fn intern_site(strings: &mut Strings, site: &Site) -> Option<Row> {
    let app = site.app.as_ref().map(|frame| intern_frame(strings, frame));
    Some(Row {
        frame: intern_frame(strings, &site.frame)?,
        app: app.unwrap_or(Some(FrameRow::default()))?,
        package: strings.intern(site.package.as_deref().unwrap_or(""))?,
    })
}

fn intern_frame(strings: &mut Strings, frame: &Frame) -> Option<FrameRow> {
    Some(FrameRow {
        line: frame.line,
        column: frame.column,
        file: strings.intern(&frame.file)?,
        function: strings.intern(&frame.function)?,
        module: strings.intern(&frame.module)?,
    })
}

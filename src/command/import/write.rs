//! Writes what was planned, and replaces nothing that somebody has touched.

use std::fs;

use super::plan::{Act, Planned};
use crate::error::{Context, Result};
use crate::os::files;

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// It is new, or has new contents.
    Made,
    /// It was there before.
    There,
    /// Somebody made or changed it since it was looked at.
    Overtaken,
}

/// Does what is to be done about one file.
pub(super) fn write(planned: &Planned) -> Result<Written> {
    let path = &planned.path;
    let shown = || format!("write {}", path.display());
    match &planned.act {
        Act::Nothing => Ok(Written::There),
        Act::Make => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).context(|| format!("create {}", folder.display()))?;
            }
            let is_made = files::create_durably(path, planned.text.as_bytes()).context(shown)?;
            Ok(if is_made { Written::Made } else { Written::Overtaken })
        }
        Act::Replace(untouched) => {
            let mut is_untouched = false;
            let edit = |bytes: &[u8]| {
                is_untouched = bytes == untouched;
                Ok(if is_untouched { planned.text.as_bytes().to_vec() } else { bytes.to_vec() })
            };
            let is_there = files::edit_durably::<std::io::Error>(path, edit).context(shown)?;
            Ok(if is_there && is_untouched { Written::Made } else { Written::Overtaken })
        }
    }
}

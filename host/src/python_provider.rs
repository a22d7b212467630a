//! Providers written in Python, as the host knows them before anything is imported.
//!
//! A distribution declares in the group `iolink.providers` lines `name = package.module:Class`. What the class opens stands
//! in `iolink-providers.toml`, in the package's folder, under the name of the entry point:
//!
//! ```toml
//! [raw]
//! title = "Raw volumes"
//! requires = "tifffile"            # modules without which there is no provider
//! [[raw.formats]]
//! format = "RAW"
//! extensions = "raw,bin"
//! magic = "0:52415721"
//! offer = "open,save"              # or convert, with from_kind; open by default
//! [[raw.options]]                  # what every format takes; [[raw.formats.options]] for one
//! name = "page"
//! type = "integer"                 # or string, number, boolean
//! default = "0"                    # value that holds if it is not given, if any
//! description = "which page to open"
//! ```
//!
//! A provider that declares no option takes none.
//!
//! Without such a table the entry point's name is the ending of its files: `raw = my_module:Raw`.

use crate::manifest::{table, Fields};
use crate::record::{check_id, OfferRecord, OptionRecord, PluginInfo, PluginState, ProviderRecord};
use iolink_sdk::abi::{IOLINK_OPTION_FLAG_LIST, IOLINK_OPTION_FLAG_SECRET};
use iolink_sdk::provider::{OfferKind, OptionKind};
use iolink_sdk::Kind;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

const STATIC: &str = "iolink-providers.toml";

/// What an entry point `name = value` of the list `list`, found in `site`, says. Modules are looked for in `site` and
/// then in all `sites`.
pub(crate) fn look_at(site: &Path, sites: &[PathBuf], list: &Path, name: &str, value: &str) -> PluginInfo {
    let version = version_of(list);
    let mut info = PluginInfo {
        id: value.replace(':', "."),
        version,
        builtin: false,
        state: PluginState::Available,
        path: Some(list.to_owned()),
        python: Some(value.to_owned()),
        reason: None,
        providers: Vec::new(),
    };
    if let Err(reason) = describe(&mut info, site, sites, list, name, value) {
        info.state = PluginState::Refused;
        info.reason = Some(format!("the entry point {name} = {value} of {}: {reason}", list.display()));
    }
    info
}

fn describe(
    info: &mut PluginInfo,
    site: &Path,
    sites: &[PathBuf],
    list: &Path,
    name: &str,
    value: &str,
) -> Result<(), String> {
    let names = |text: &str| text.split('.').all(|part| !part.is_empty() && part.chars().all(is_letter));
    let module = match value.split_once(':') {
        Some((module, attribute)) if names(module) && names(attribute) => module,
        _ => return Err("it is not of the form package.module:Class".into()),
    };
    let folders = || std::iter::once(site).chain(sites.iter().map(PathBuf::as_path));
    let file = match folders().find_map(|at| find(at, module)) {
        Some(file) => file,
        None => match editable(list) {
            Some(sources) => sources.iter().find_map(|at| find(at, module)).unwrap_or_default(),
            None => {
                return Err(format!("there is no module {module} in {}; reinstall the distribution", site.display()))
            }
        },
    };
    // An editable installation may bring its modules by means that only an import knows.
    if !file.as_os_str().is_empty() {
        info.path = Some(file.clone());
    }
    let said = beside(&file, module)?;
    let known = match &said {
        Some((at, text)) => Some((table(text).map_err(|why| format!("{}: {why}", at.display()))?, at)),
        None => None,
    };
    let empty = DeTable::new();
    let fields = match &known {
        Some((root, at)) => match root.get(name).map(toml::Spanned::get_ref) {
            Some(DeValue::Table(own)) => Fields { table: own, path: format!("{}: {name}.", at.display()) },
            Some(other) => return Err(format!("{}: {name} is a TOML {}, not a table", at.display(), other.type_str())),
            None => Fields { table: &empty, path: String::new() },
        },
        None => Fields { table: &empty, path: String::new() },
    };
    let mut record =
        ProviderRecord { id: info.id.clone(), title: fields.optional("title")?.to_owned(), offers: Vec::new() };
    let id = fields.optional("id")?;
    if !id.is_empty() {
        record.id = id.to_owned();
    }
    check_id(&record.id).map_err(|why| format!("{}id: {why}", fields.path))?;
    info.id = record.id.clone();
    for one in fields.tables("formats")? {
        record.offers.extend(offers(&one)?);
    }
    if !fields.table.contains_key("formats") {
        record.offers.push(OfferRecord {
            format: name.to_uppercase(),
            extensions: vec![name.to_lowercase()],
            ..OfferRecord::new(OfferKind::Open, Kind::Image)
        });
    }
    let shared = fields.tables("options")?.iter().map(option).collect::<Result<Vec<_>, _>>()?;
    record.offers.iter_mut().for_each(|offer| offer.options.splice(0..0, shared.iter().cloned()).for_each(drop));
    info.providers.push(record);
    let (requires, install) = (fields.optional("requires")?, fields.optional("install")?);
    let missing = requires.split(',').map(str::trim).filter(|needed| !needed.is_empty());
    let missing: Vec<&str> = missing.filter(|needed| !folders().any(|at| find(at, needed).is_some())).collect();
    if !missing.is_empty() {
        let what = if install.is_empty() { missing.join(" ") } else { install.to_owned() };
        return Err(format!("it needs {}, not installed; run pip install '{what}'", missing.join(", ")));
    }
    Ok(())
}

/// One table of `options`.
fn option(fields: &Fields<'_>) -> Result<OptionRecord, String> {
    let word = fields.text("type")?;
    let Some(value_type) = OptionKind::ALL.into_iter().find(|known| known.word() == word) else {
        let words = OptionKind::ALL.map(OptionKind::word).join(", ");
        return Err(format!("{}type is {word:?}, not one of {words}", fields.path));
    };
    let flag = |name: &str, bit: u32| fields.boolean(name).map(|set| if set { bit } else { 0 });
    let record = OptionRecord {
        name: fields.text("name")?.to_owned(),
        value_type,
        default_value: fields.optional("default")?.to_owned(),
        description: fields.optional("description")?.to_owned(),
        choices: fields.optional("choices")?.to_owned(),
        flags: flag("list", IOLINK_OPTION_FLAG_LIST)? | flag("secret", IOLINK_OPTION_FLAG_SECRET)?,
    };
    record.check().map_err(|why| format!("{}{why}", fields.path))?;
    Ok(record)
}

fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The offers of one table of `formats`.
fn offers(fields: &Fields<'_>) -> Result<Vec<OfferRecord>, String> {
    let mut values = Vec::new();
    for (name, value) in fields.table.iter().filter(|(name, _)| name.get_ref() != "options") {
        let value = match value.get_ref() {
            DeValue::String(value) => value.to_string(),
            DeValue::Integer(value) => value.to_string(),
            other => return Err(format!("{}{} is a TOML {}, not text", fields.path, name.get_ref(), other.type_str())),
        };
        values.push((name.get_ref().to_string(), value));
    }
    let options = fields.tables("options")?.iter().map(option).collect::<Result<Vec<_>, _>>()?;
    let mut offers = OfferRecord::from_fields(fields.path.trim_end_matches('.'), &values)?;
    offers.iter_mut().for_each(|offer| offer.options.clone_from(&options));
    Ok(offers)
}

/// The version in the name of a folder `NAME-VERSION.dist-info`.
fn version_of(list: &Path) -> String {
    let folder = list.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let version = folder.strip_suffix(".dist-info").and_then(|name| name.rsplit_once('-')).map(|(_, version)| version);
    version.filter(|version| !version.is_empty()).unwrap_or("0").to_owned()
}

/// Where an editable installation has its sources, as `direct_url.json` tells; nothing for other installations.
fn editable(list: &Path) -> Option<[PathBuf; 2]> {
    let text = crate::regular::text(&list.with_file_name("direct_url.json")).ok()?;
    let compact: String = text.split_whitespace().collect();
    if !compact.contains("\"editable\":true") {
        return None;
    }
    let url = text.split("\"url\"").nth(1).and_then(|rest| rest.split('"').nth(1)).unwrap_or_default();
    let source = crate::source::from_text(url).ok();
    let folder = source.as_ref().and_then(|source| source.path()).unwrap_or(Path::new("/"));
    Some([folder.join("src"), folder.to_owned()])
}

/// The file or folder that a module is, in a folder of `sys.path`.
fn find(folder: &Path, module: &str) -> Option<PathBuf> {
    let parts: Vec<&str> = module.split('.').collect();
    let (last, above) = parts.split_last()?;
    let folder = above.iter().fold(folder.to_owned(), |folder, part| folder.join(part));
    let package = folder.join(last);
    let own = [package.join("__init__.py"), folder.join(format!("{last}.py"))];
    if let Some(file) = own.into_iter().find(|file| file.is_file()) {
        return Some(file);
    }
    if package.is_dir() {
        return Some(package);
    }
    let built = |name: &str| name.strip_prefix(last).is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".so"));
    let mut entries = folder.read_dir().ok()?.flatten();
    entries.find(|entry| entry.file_name().to_str().is_some_and(built)).map(|entry| entry.path())
}

/// The static file of the package that a module is or lies in, if there is one.
fn beside(file: &Path, module: &str) -> Result<Option<(PathBuf, String)>, String> {
    let is_package = file.file_name().is_some_and(|name| name == "__init__.py") || file.is_dir();
    // A module of its own lies among those of other distributions: no file beside it speaks for it.
    if !is_package && !module.contains('.') {
        return Ok(None);
    }
    let Some(folder) = (if file.is_dir() { Some(file) } else { file.parent() }) else { return Ok(None) };
    let at = folder.join(STATIC);
    match crate::regular::text(&at) {
        Ok(text) => Ok(Some((at, text))),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
            Err(format!("{} is not read: {error}", at.display()))
        }
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, write};

    /// A site folder with a package `pkg`, its static file, and an entry point.
    fn seen(toml: &str, name: &str, value: &str) -> PluginInfo {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().canonicalize().unwrap();
        create_dir_all(site.join("pkg")).unwrap();
        create_dir_all(site.join("pkg-1.2.dist-info")).unwrap();
        write(site.join("pkg/__init__.py"), "raise SystemExit('imported')").unwrap();
        write(site.join("pkg").join(STATIC), toml).unwrap();
        look_at(&site, &[], &site.join("pkg-1.2.dist-info/entry_points.txt"), name, value)
    }

    #[test]
    fn the_static_file_says_what_is_opened() {
        let info = seen(
            "[raw]\nid = 'org.example.raw'\ntitle = 'Raw'\n[[raw.formats]]\nformat = 'RAW'\nextensions = 'raw,bin'\n\
             magic = '0:52415721'\nkind = 'data-frame'\n[[raw.options]]\nname = 'page'\ntype = 'integer'\n\
             default = '0'\ndescription = 'which page'\n",
            "raw",
            "pkg:Raw",
        );
        assert_eq!((info.state, info.reason.clone()), (PluginState::Available, None));
        assert_eq!((info.id.as_str(), info.version.as_str()), ("org.example.raw", "1.2"));
        let offer = &info.providers[0].offers[0];
        assert_eq!((offer.kind, offer.extensions.len(), offer.magic.len()), (Kind::DataFrame, 2, 1));
        assert_eq!(info.providers[0].options(None)[0].to_string(), "page: integer, 0 by default: which page");
    }

    #[test]
    fn without_a_table_the_name_is_the_ending() {
        let info = seen("", "raw", "pkg:Raw");
        assert_eq!(info.id, "pkg.Raw");
        assert_eq!(info.providers[0].offers[0].extensions, ["raw"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_field() {
        for (toml, value, expected) in [
            ("", "pkg", "not of the form package.module:Class"),
            ("", "nothing:Raw", "there is no module nothing in "),
            ("", "pkg.sub:Raw", "there is no module pkg.sub in "),
            ("raw = 3", "pkg:Raw", "raw is a TOML integer, not a table"),
            ("[raw", "pkg:Raw", "iolink-providers.toml: line 1: "),
            ("[raw]\ntitle = 3", "pkg:Raw", "raw.title is a TOML integer, not text"),
            ("[raw]\nid = 'a b'", "pkg:Raw", "raw.id: \"a b\" is not an id"),
            ("[[raw.formats]]\nkind = 'picture'", "pkg:Raw", "raw.formats[0].kind is \"picture\", not one of image"),
            ("[[raw.formats]]\nmagic = 'x'", "pkg:Raw", "raw.formats[0].magic: \"x\" is not of the form OFFSET:HEX"),
            ("[raw]\noptions = 3", "pkg:Raw", "raw.options is a TOML integer, not an array of tables"),
            ("[[raw.options]]\nname = 'a'", "pkg:Raw", "raw.options[0].type is missing"),
            (
                "[[raw.options]]\nname = 'a'\ntype = 'int'",
                "pkg:Raw",
                "raw.options[0].type is \"int\", not one of string,",
            ),
            (
                "[[raw.options]]\nname = 'a'\ntype = 'integer'\ndefault = '1.5'",
                "pkg:Raw",
                "raw.options[0].the default: the option a is \"1.5\", not an integer",
            ),
            ("[raw]\nrequires = 'absent'", "pkg:Raw", "it needs absent, not installed; run pip install 'absent'"),
        ] {
            let info = seen(toml, "raw", value);
            let reason = info.reason.unwrap_or_default();
            assert!(info.state == PluginState::Refused && reason.contains(expected), "{expected}: {reason}");
        }
    }
}

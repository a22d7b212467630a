//! Where a plugin is, and which two cannot be used together.

use crate::record::{PluginInfo, PluginState};
use crate::registry::Plugin;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::Path;

/// Where a plugin is: a file, a class in Python, both, or linked into the program.
pub(crate) struct Place<'a> {
    pub(crate) path: Option<&'a Path>,
    pub(crate) python: Option<&'a str>,
}

impl PartialEq for Place<'_> {
    /// Paths are canonical, so letters are compared and not, more slowly, their parts.
    fn eq(&self, other: &Self) -> bool {
        self.path.map(Path::as_os_str) == other.path.map(Path::as_os_str) && self.python == other.python
    }
}

impl Place<'_> {
    pub(crate) fn is_linked_in(&self) -> bool {
        self.path.is_none() && self.python.is_none()
    }

    pub(crate) fn words(&self) -> String {
        match (self.python, self.path) {
            (Some(python), _) => python.to_owned(),
            (None, Some(path)) => path.display().to_string(),
            (None, None) => "a linked-in plugin".to_owned(),
        }
    }
}

impl PluginInfo {
    pub(crate) fn place(&self) -> Place<'_> {
        Place { path: self.path.as_deref(), python: self.python.as_deref() }
    }

    /// A place of which nothing could be read.
    pub(crate) fn unknown(path: Option<&Path>) -> Self {
        let name = path.map(|path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned());
        PluginInfo {
            id: name.unwrap_or_default(),
            version: String::new(),
            builtin: path.is_none(),
            state: PluginState::Refused,
            path: path.map(Path::to_owned),
            python: None,
            reason: None,
            providers: Vec::new(),
        }
    }
}

/// Is `new` a later word on the same file? What is loaded stays.
pub(crate) fn replaces(known: &PluginInfo, new: &PluginInfo) -> bool {
    known.state != PluginState::Loaded && !known.place().is_linked_in() && known.place() == new.place()
}

/// Why two plugins cannot be used together.
pub(crate) fn clash(known: &PluginInfo, new: &PluginInfo) -> Option<String> {
    let place = || match known.place() {
        place if place.is_linked_in() => "is linked in".to_owned(),
        place => format!("comes from {}", place.words()),
    };
    if known.id == new.id {
        return Some(format!("the plugin {} already {}; keep one of the two", known.id, place()));
    }
    let taken = |record: &&crate::ProviderRecord| known.providers.iter().any(|other| other.id == record.id);
    let taken = new.providers.iter().find(taken)?;
    Some(format!("its provider {} is already one of {}, which {}; keep one of the two", taken.id, known.id, place()))
}

/// The places and ids of many plugins, so that a hundred more are not each compared with all.
pub(crate) struct Known {
    places: HashSet<(Option<OsString>, Option<String>)>,
    /// Where in the list the plugins stand that are not refused, by their ids and by those of their providers.
    plugins: HashMap<String, usize>,
    providers: HashMap<String, usize>,
}

impl Known {
    pub(crate) fn of(plugins: &[Plugin]) -> Self {
        let mut known = Known { places: HashSet::new(), plugins: HashMap::new(), providers: HashMap::new() };
        for (index, plugin) in plugins.iter().enumerate() {
            known.place_is_new(&plugin.info);
            known.add(index, &plugin.info);
        }
        known
    }

    /// Is it the first plugin from its place? From now on it is not.
    pub(crate) fn place_is_new(&mut self, info: &PluginInfo) -> bool {
        self.places.insert((info.path.as_ref().map(|path| path.as_os_str().to_owned()), info.python.clone()))
    }

    /// Adds what stands at `index` of the list.
    pub(crate) fn add(&mut self, index: usize, info: &PluginInfo) {
        if info.state == PluginState::Refused {
            return;
        }
        self.plugins.entry(info.id.clone()).or_insert(index);
        for provider in &info.providers {
            self.providers.entry(provider.id.clone()).or_insert(index);
        }
    }

    /// Why a plugin cannot be used beside those of the list.
    pub(crate) fn clash(&self, plugins: &[Plugin], new: &PluginInfo) -> Option<String> {
        let of_provider = new.providers.iter().filter_map(|provider| self.providers.get(&provider.id));
        let first = self.plugins.get(&new.id).into_iter().chain(of_provider).min()?;
        clash(&plugins[*first].info, new)
    }
}

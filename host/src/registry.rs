//! What an application holds: the plugins it knows, and the one way in.

use crate::builder::RegistryBuilder;
use crate::judge::{describe, judge, judge_loaded, Judged};
use crate::place::{clash, replaces, Known, Place};
use crate::record::{PluginInfo, PluginState};
use crate::route::Quick;
use crate::trust::Trust;
use crate::{discover, events, load, preflight};
use iolink_sdk::abi::{iolink_host, iolink_plugin, iolink_provider};
use iolink_sdk::{Error, ErrorKind, Lock, Locked, Result};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The plugins of one application, and the router over them. A handle: clones share everything.
///
/// A view keeps the registry that made it, so that it can open further sources after the application has let go.
#[derive(Clone)]
pub struct Registry {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    table: iolink_host,
    settings: RegistryBuilder,
    plugins: RwLock<Vec<Plugin>>,
    preference: RwLock<Vec<String>>,
    /// Held while plugins are looked for and loaded: one at a time. Never taken while `plugins` is held.
    finding: Lock<()>,
    discovered: AtomicBool,
    pub(crate) quick: Quick,
}

// SAFETY: the table points to the `Inner` that it lies in, and its functions may be called from any thread.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

/// A plugin with the functions of its providers, which are there once it is loaded, in the order of the records.
pub(crate) struct Plugin {
    pub(crate) info: PluginInfo,
    pub(crate) raw: Vec<&'static iolink_provider>,
}

impl Inner {
    /// Where events of plugins go, where the application said so.
    pub(crate) fn listener(&self) -> Option<&tracing::Dispatch> {
        self.settings.events.as_ref()
    }
}

impl Registry {
    /// How to make a registry.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::default()
    }

    pub(crate) fn with(settings: RegistryBuilder) -> Self {
        let builtin = settings.builtin;
        let inner = Arc::new_cyclic(|this| Inner {
            table: events::table(this.as_ptr()),
            settings,
            plugins: RwLock::default(),
            preference: RwLock::default(),
            finding: Lock::default(),
            discovered: AtomicBool::new(false),
            quick: Quick::default(),
        });
        let registry = Registry { inner };
        if builtin {
            for plugin in iolink_sdk::provider::built_in() {
                // A refusal is told by an event and kept for `plugins`.
                let _ = registry.admit(plugin, None);
            }
            registry.write().sort_by(|one, other| one.info.id.cmp(&other.info.id));
        }
        registry
    }

    pub(crate) fn from_inner(inner: Arc<Inner>) -> Self {
        Registry { inner }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Vec<Plugin>> {
        self.inner.plugins.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Plugin>> {
        self.inner.plugins.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn finding(&self) -> Result<Locked<'_, ()>> {
        self.inner.finding.lock()
    }

    /// Ids in the order in which the user likes them.
    pub(crate) fn preference(&self) -> Vec<String> {
        self.inner.preference.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes providers of these ids, or of the plugins of these ids, come before others that would cost the same.
    pub fn set_provider_priority(&self, ids: Vec<String>) {
        tracing::info!(?ids, "preference set");
        *self.inner.preference.write().unwrap_or_else(PoisonError::into_inner) = ids;
        let _nobody_chooses = self.write();
        self.inner.quick.forget();
    }

    /// The host as providers see it, good while a clone of this registry, or a reference taken by its `retain`, lives.
    pub fn host_table(&self) -> *const iolink_host {
        &self.inner.table
    }

    /// The single way in: judges a descriptor and takes its providers over. `path` is `None` for what is linked in.
    ///
    /// # Errors
    /// `Refused` with the reason, which [`Registry::plugins`] shows too.
    pub fn admit(&self, plugin: &'static iolink_plugin, path: Option<&Path>) -> Result<()> {
        let judged = judge(plugin, self.inner.settings.allow_abort);
        self.settle(judged, &Place { path, python: None }, None)
    }

    /// [`Registry::admit`] for a provider that is written in Python, by the `module:attribute` of its class.
    ///
    /// # Errors
    /// As [`Registry::admit`].
    pub fn admit_python(&self, plugin: &'static iolink_plugin, python: &str) -> Result<()> {
        let judged = judge(plugin, self.inner.settings.allow_abort);
        self.settle(judged, &Place { path: None, python: Some(python) }, None)
    }

    /// Forgets a provider that came by [`Registry::admit_python`] under this id, or was refused under this
    /// `module:attribute`, so that a new one can come. Views that it made live on.
    pub fn withdraw_python(&self, id: &str, python: &str) {
        let mut plugins = self.write();
        let same = |info: &PluginInfo| match info.state {
            PluginState::Refused => info.python.as_deref() == Some(python),
            _ => info.id == id && info.python.is_some(),
        };
        plugins.retain(|plugin| plugin.info.path.is_some() || !same(&plugin.info));
        self.inner.quick.forget();
    }

    /// Keeps what was judged, or the reason why not with what the manifest says.
    fn settle(&self, judged: Result<Judged, String>, place: &Place<'_>, manifest: Option<PluginInfo>) -> Result<()> {
        let (reason, known) = match judged {
            Ok(judged) => {
                let info = PluginInfo {
                    id: judged.id,
                    version: judged.version,
                    builtin: place.is_linked_in(),
                    state: PluginState::Loaded,
                    path: place.path.map(Path::to_owned),
                    python: place.python.map(str::to_owned),
                    reason: None,
                    providers: judged.providers.iter().map(|(record, _)| record.clone()).collect(),
                };
                let raw = judged.providers.iter().map(|(_, raw)| *raw).collect();
                let (id, version) = (info.id.clone(), info.version.clone());
                match self.insert(Plugin { info: info.clone(), raw }) {
                    Ok(()) => {
                        tracing::info!(plugin = id, version, path = ?place.path, "plugin admitted");
                        return Ok(());
                    }
                    Err(reason) => (reason, Some(info)),
                }
            }
            Err(reason) => (reason, manifest),
        };
        self.refuse(place, known, reason)
    }

    /// Keeps the reason for which a plugin is not used.
    fn refuse(&self, place: &Place<'_>, known: Option<PluginInfo>, reason: String) -> Result<()> {
        let earlier = self.at(place).filter(|earlier| earlier.state != PluginState::Loaded);
        let info = known.or(earlier);
        let name = place.words();
        tracing::warn!(path = name, reason, "plugin refused");
        let mut info = info.unwrap_or_else(|| PluginInfo::unknown(place.path));
        info.state = PluginState::Refused;
        info.reason = Some(reason.clone());
        info.python = place.python.map(str::to_owned);
        info.builtin = place.is_linked_in();
        let mut plugins = self.write();
        match plugins.iter_mut().find(|plugin| replaces(&plugin.info, &info)) {
            Some(plugin) => *plugin = Plugin { info, raw: Vec::new() },
            None => plugins.push(Plugin { info, raw: Vec::new() }),
        }
        self.inner.quick.forget();
        Err(Error::new(ErrorKind::Refused, format!("{name} was refused: {reason}")))
    }

    /// Takes a plugin in unless its id, or that of a provider, is taken.
    fn insert(&self, plugin: Plugin) -> Result<(), String> {
        let mut plugins = self.write();
        let place = plugins.iter().position(|known| replaces(&known.info, &plugin.info));
        for (index, known) in plugins.iter().enumerate() {
            if Some(index) == place || known.info.state == PluginState::Refused {
                continue;
            }
            if let Some(reason) = clash(&known.info, &plugin.info) {
                return Err(reason);
            }
        }
        match place {
            Some(place) => plugins[place] = plugin,
            None => plugins.push(plugin),
        }
        self.inner.quick.forget();
        Ok(())
    }

    /// What is known of a place other than the program itself.
    fn at(&self, place: &Place<'_>) -> Option<PluginInfo> {
        let plugins = self.read();
        let known = plugins.iter().find(|plugin| !place.is_linked_in() && plugin.info.place() == *place);
        known.map(|plugin| plugin.info.clone())
    }

    /// Looks for plugins, once. No library is opened.
    pub(crate) fn discover(&self) {
        if self.inner.discovered.load(Ordering::Acquire) {
            return;
        }
        // A fork may have left the lock behind: the child finds for itself.
        let _one_at_a_time = self.finding().ok();
        if self.inner.discovered.load(Ordering::Acquire) {
            return;
        }
        self.take(discover::discover(&self.inner.settings));
        self.inner.discovered.store(true, Ordering::Release);
    }

    /// Looks for plugins in one more folder. No library is opened.
    ///
    /// # Errors
    /// `Refused` for a relative path and a folder that others may write to, `NotFound` where there is none.
    pub fn add_directory(&self, folder: &Path) -> Result<()> {
        if !folder.is_absolute() {
            iolink_sdk::fail!(Refused, "{} is a relative path; give an absolute one", folder.display());
        }
        if !folder.is_dir() {
            iolink_sdk::fail!(NotFound, "there is no folder {}", folder.display());
        }
        self.discover();
        let _one_at_a_time = self.finding()?;
        match discover::in_folder(&self.inner.settings, folder) {
            Ok(found) => self.take(found),
            Err(reason) => iolink_sdk::fail!(Refused, "{} was refused: {reason}", folder.display()),
        }
        Ok(())
    }

    /// With `finding` held: keeps what was found, with the reason where it is not used.
    fn take(&self, all: Vec<PluginInfo>) {
        let mut plugins = self.write();
        let mut known = Known::of(&plugins);
        let before = plugins.len();
        for mut info in all.into_iter().filter(|info| known.place_is_new(info)).collect::<Vec<_>>() {
            let reason = info.reason.take().or_else(|| known.clash(&plugins, &info));
            if reason.is_some() {
                info.state = PluginState::Refused;
            }
            info.reason = reason;
            known.add(plugins.len(), &info);
            plugins.push(Plugin { info, raw: Vec::new() });
        }
        self.inner.quick.forget();
        let told = |info: &PluginInfo| (info.id.clone(), info.place().words(), info.reason.clone());
        let found: Vec<_> = plugins[before..].iter().map(|plugin| told(&plugin.info)).collect();
        drop(plugins);
        // Whoever hears of it may ask the registry.
        for (plugin, path, reason) in found {
            match reason {
                None => tracing::debug!(plugin, path, "plugin found"),
                Some(reason) => tracing::warn!(plugin, path, reason, "plugin refused"),
            }
        }
    }

    /// Have plugins been looked for?
    pub(crate) fn has_discovered(&self) -> bool {
        self.inner.discovered.load(Ordering::Acquire)
    }

    /// Every plugin that is known, linked-in ones first, and every place that was refused. Looks for plugins when first
    /// asked. `check` loads all that can be loaded, so that what fails only then has its reason too.
    pub fn plugins(&self, check: bool) -> Vec<PluginInfo> {
        self.discover();
        if check {
            let waiting: Vec<String> = self.known(|info| info.state == PluginState::Available);
            for id in waiting {
                // The reason is kept for the listing below.
                let _ = self.load(&id);
            }
        }
        self.read().iter().map(|plugin| plugin.info.clone()).collect()
    }

    fn known(&self, wanted: impl Fn(&PluginInfo) -> bool) -> Vec<String> {
        self.read().iter().filter(|plugin| wanted(&plugin.info)).map(|plugin| plugin.info.id.clone()).collect()
    }

    /// Judges, loads and admits the plugin in the file at the absolute `path`. One that is already in use is left so.
    ///
    /// # Errors
    /// `Refused` with the reason, which [`Registry::plugins`] shows too; `NotFound` where there is no such file.
    pub fn load_plugin(&self, path: &Path) -> Result<PluginInfo> {
        if !path.is_absolute() {
            iolink_sdk::fail!(
                Refused,
                "{} is a relative path, which another working directory would make another file; give an absolute one",
                path.display()
            );
        }
        let path = std::fs::canonicalize(path).map_err(|error| Error::io(&format!("{}", path.display()), &error))?;
        let _one_at_a_time = self.finding()?;
        let place = Place { path: Some(&path), python: None };
        if let Some(info) = self.at(&place).filter(|info| info.state == PluginState::Loaded) {
            return Ok(info);
        }
        self.load_file(&path)?;
        self.at(&place).ok_or_else(|| Error::new(ErrorKind::Internal, "the plugin was admitted and is gone"))
    }

    /// Loads a plugin that is known by its manifest.
    pub(crate) fn load(&self, id: &str) -> Result<()> {
        let available = |info: &PluginInfo| info.id == id && info.state == PluginState::Available;
        let python = |plugin: &&Plugin| available(&plugin.info) && plugin.info.python.is_some();
        let written_in_python = self.read().iter().find(python).map(|plugin| plugin.info.clone());
        if let Some(info) = written_in_python {
            return self.load_python(info);
        }
        let _one_at_a_time = self.finding()?;
        let path = match self.read().iter().find(|plugin| plugin.info.id == id && plugin.info.path.is_some()) {
            Some(Plugin { info, .. }) if info.state == PluginState::Available => info.path.clone(),
            _ => None,
        };
        match path {
            Some(path) => self.load_file(&path),
            None if !self.known(|info| info.id == id && info.state == PluginState::Loaded).is_empty() => Ok(()),
            None => iolink_sdk::fail!(Refused, "{id} was refused"),
        }
    }

    /// A provider written in Python. Nothing is held while its module is imported, which may run anything.
    fn load_python(&self, info: PluginInfo) -> Result<()> {
        let brought = match self.inner.settings.bring_python {
            Some(bring) => bring(&info),
            None => Err(Error::new(
                ErrorKind::Refused,
                "it is written in Python, and this program runs none; open its files from Python",
            )),
        };
        let _one_at_a_time = self.finding()?;
        // Two threads may both have imported it: the first one's word stands.
        if !self.known(|known| known.id == info.id && known.state == PluginState::Loaded).is_empty() {
            return Ok(());
        }
        let judged = match brought {
            Ok(plugin) => judge(plugin, self.inner.settings.allow_abort),
            // The user stopped the import: that says nothing of the provider.
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => Err(error.message().to_owned()),
        };
        let judged = judged.and_then(|judged| load::agree(Some(&info), &judged.id, &judged.version).map(|()| judged));
        self.settle(judged, &info.place(), Some(info.clone()))
    }

    /// With `finding` held: everything from the file's permissions to its providers.
    fn load_file(&self, path: &Path) -> Result<()> {
        let (judged, manifest) = match self.judge_file(path) {
            Ok(judged) => (Ok(judged), None),
            Err((reason, manifest)) => (Err(reason), manifest.map(|manifest| *manifest)),
        };
        self.settle(judged, &Place { path: Some(path), python: None }, manifest)
    }

    fn judge_file(&self, path: &Path) -> Result<Judged, discover::Why> {
        let trust = Trust::new(&self.inner.settings);
        let known = discover::open_judged(&trust, path, None)?;
        let manifest = known.manifest.as_ref();
        let judged = manifest.map_or(Ok(()), |info| self.room_for(info)).and_then(|()| {
            self.judge_before_loading(path, &known)?;
            let plugin = load::load(path, &known.file)?;
            tracing::debug!(path = %path.display(), "library opened");
            let judged = judge_loaded(plugin, self.inner.settings.allow_abort)?;
            load::agree(manifest, &judged.id, &judged.version)?;
            Ok(judged)
        });
        judged.map_err(|reason| (reason, known.manifest.map(Box::new)))
    }

    /// Judges the descriptor as it stands in the file, so that what is refused for it never runs.
    fn judge_before_loading(&self, path: &Path, known: &discover::Judged) -> Result<(), String> {
        let described = preflight::with_image(&known.file, known.length, |image| {
            describe(image, image.address(known.symbol), self.inner.settings.allow_abort)
        })?;
        load::agree(known.manifest.as_ref(), &described.id, &described.version)?;
        let providers = described.records().cloned().collect();
        let (id, version) = (described.id, described.version);
        self.room_for(&PluginInfo { id, version, providers, ..PluginInfo::unknown(Some(path)) })
    }

    /// Is the plugin's id free? Asked before the file is opened, so that a twin of a plugin in use never runs.
    fn room_for(&self, info: &PluginInfo) -> Result<(), String> {
        let plugins = self.read();
        let others = plugins.iter().map(|plugin| &plugin.info).filter(|known| !replaces(known, info));
        match others.filter(|known| known.state != PluginState::Refused).find_map(|known| clash(known, info)) {
            Some(reason) => Err(reason),
            None => Ok(()),
        }
    }

    /// The functions of a provider, loading its plugin where that has not happened.
    pub(crate) fn functions(&self, plugin: &str, provider: &str) -> Result<&'static iolink_provider> {
        if let Some(raw) = self.loaded(plugin, provider) {
            return Ok(raw);
        }
        self.load(plugin)?;
        self.loaded(plugin, provider).ok_or_else(|| {
            Error::new(
                ErrorKind::Refused,
                format!("{plugin} promises the provider {provider} in its manifest and does not bring it"),
            )
        })
    }

    fn loaded(&self, plugin: &str, provider: &str) -> Option<&'static iolink_provider> {
        self.read()
            .iter()
            .find(|known| known.info.id == plugin && known.info.state == PluginState::Loaded)
            .and_then(|known| known.function(provider))
    }
}

impl Plugin {
    /// The functions of one of its providers, where it is loaded.
    pub(crate) fn function(&self, provider: &str) -> Option<&'static iolink_provider> {
        let index = self.info.providers.iter().position(|record| record.id == provider)?;
        self.raw.get(index).copied()
    }
}

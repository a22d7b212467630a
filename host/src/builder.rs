//! What an application says before its registry is made.

use crate::record::PluginInfo;
use crate::registry::Registry;
use iolink_sdk::abi::iolink_plugin;
use iolink_sdk::Result;
use std::path::PathBuf;

/// Brings a provider that is written in Python, as a descriptor that stays for the life of the process. It is called with
/// no lock of the registry held, since importing a module may run anything.
pub type BringPython = fn(&PluginInfo) -> Result<&'static iolink_plugin>;

/// Where packages of the system put plugins, first come first served: a `.so`, or a folder with one.
pub const SYSTEM_DIRS: [&str; 2] = ["/usr/local/lib/iolink/plugins", "/usr/lib/iolink/plugins"];

/// How a registry is made; nothing happens before [`RegistryBuilder::build`].
#[derive(Clone)]
pub struct RegistryBuilder {
    pub(crate) builtin: bool,
    pub(crate) package_dir: Option<PathBuf>,
    pub(crate) plugin_path_env: bool,
    pub(crate) python_sites: Vec<PathBuf>,
    pub(crate) bring_python: Option<BringPython>,
    pub(crate) system_dirs: Vec<PathBuf>,
    pub(crate) allow_abort: bool,
    pub(crate) events: Option<tracing::Dispatch>,
}

impl RegistryBuilder {
    /// Admit the providers that are linked into the program? By default yes.
    pub fn builtin(mut self, builtin: bool) -> Self {
        self.builtin = builtin;
        self
    }

    /// The plugin folder that belongs to the application.
    pub fn package_dir(mut self, folder: PathBuf) -> Self {
        self.package_dir = Some(folder);
        self
    }

    /// Look into the folders that the environment variable `IOLINK_PLUGIN_PATH` names? By default yes; a program that
    /// runs with more rights than its user never does.
    pub fn plugin_path_env(mut self, wanted: bool) -> Self {
        self.plugin_path_env = wanted;
        self
    }

    /// The folders in which Python finds distributions; those that declare an entry point in the group `iolink.plugins`
    /// bring plugins, in the group `iolink.providers` providers written in Python.
    pub fn python_sites(mut self, sites: Vec<PathBuf>) -> Self {
        self.python_sites = sites;
        self
    }

    /// Who brings providers that are written in Python. Without it they are listed and not used.
    pub fn bring_python(mut self, bring: BringPython) -> Self {
        self.bring_python = Some(bring);
        self
    }

    /// The folders into which the system's packages install plugins, instead of [`SYSTEM_DIRS`]. One that is not there is
    /// passed over; what does not belong to root is refused.
    pub fn system_dirs(mut self, folders: Vec<PathBuf>) -> Self {
        self.system_dirs = folders;
        self
    }

    /// Take plugins in which a panic ends the process? By default no.
    pub fn allow_abort(mut self, allow: bool) -> Self {
        self.allow_abort = allow;
        self
    }

    /// Where events of plugins go that come through this registry's host table, from whichever thread; by default to the
    /// thread's own subscriber.
    pub fn events(mut self, listener: tracing::Dispatch) -> Self {
        self.events = Some(listener);
        self
    }

    /// The registry, with the providers that are linked in. Nothing else is looked for before it is needed.
    pub fn build(self) -> Registry {
        iolink_sdk::pool::use_pool(&crate::pool::RUN);
        Registry::with(self)
    }
}

impl Default for RegistryBuilder {
    fn default() -> Self {
        RegistryBuilder {
            builtin: true,
            package_dir: None,
            plugin_path_env: true,
            python_sites: Vec::new(),
            bring_python: None,
            system_dirs: SYSTEM_DIRS.map(PathBuf::from).to_vec(),
            allow_abort: false,
            events: None,
        }
    }
}

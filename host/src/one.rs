//! One provider, asked directly: nobody else is a candidate, and nothing is chosen.

use crate::open::{identify, open_by};
use crate::record::ProviderRecord;
use crate::registry::Registry;
use crate::route::{adopt_by, convert_by, create_by};
use crate::save::save_by;
use crate::source::complete;
use iolink_sdk::abi::iolink_provider;
use iolink_sdk::{fail, Adopt, Call, Convert, Create, Result, Source, Target, View};

/// A provider of a registry, loaded. For whoever tests it, or knows what it wants.
pub struct OneProvider {
    registry: Registry,
    record: ProviderRecord,
    functions: &'static iolink_provider,
}

impl Registry {
    /// The provider with this id, its plugin loaded.
    ///
    /// # Errors
    /// `NotFound` where there is none, `Refused` where its plugin is refused.
    pub fn provider(&self, id: &str) -> Result<OneProvider> {
        self.discover();
        let known = self.read().iter().find_map(|plugin| {
            let record = plugin.info.providers.iter().find(|record| record.id == id)?;
            Some((plugin.info.id.clone(), record.clone()))
        });
        match known {
            Some((plugin, record)) => {
                let functions = self.functions(&plugin, id)?;
                Ok(OneProvider { registry: self.clone(), record, functions })
            }
            None => fail!(NotFound, "there is no provider {id}; installed: {}", self.installed()),
        }
    }
}

impl OneProvider {
    /// Id, title, offers and options.
    pub fn record(&self) -> &ProviderRecord {
        &self.record
    }

    /// How sure it is that it can open a source, 0 to 100; nothing where it goes by its offers.
    ///
    /// # Errors
    /// What the provider fails with; `NotFound` for a file that is not there.
    pub fn identify(&self, source: &Source) -> Result<Option<u32>> {
        identify(&self.registry, self.functions, &complete(source.clone())?, &Call::silent())
    }

    /// A view of a source.
    ///
    /// # Errors
    /// What the provider fails with; `NotFound` for a file that is not there.
    pub fn open(&self, source: &Source) -> Result<View> {
        open_by(&self.registry, self.functions, &complete(source.clone())?, &Call::silent())
    }

    /// A new view.
    ///
    /// # Errors
    /// What the provider fails with.
    pub fn create(&self, wanted: Create) -> Result<View> {
        create_by(&self.registry, self.functions, wanted, &Call::silent())
    }

    /// A view of foreign memory.
    ///
    /// # Errors
    /// What the provider fails with.
    pub fn adopt(&self, given: Adopt) -> Result<View> {
        adopt_by(&self.registry, self.functions, given, std::ptr::null())
    }

    /// Another view of the same data.
    ///
    /// # Errors
    /// What the provider fails with; `Internal` where the view has not what was asked for.
    pub fn convert(&self, view: View, target: &Convert) -> Result<View> {
        convert_by(&self.registry, self.functions, view, target, &Call::silent())
    }

    /// Writes a view into the target's file as the provider leaves it: [`Registry::save`] puts a whole file into place.
    ///
    /// # Errors
    /// What the provider fails with.
    pub fn save(&self, view: View, target: &Target) -> Result<()> {
        save_by(&self.registry, self.functions, view, target, &Call::silent())
    }
}

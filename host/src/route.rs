//! Who creates, adopts and converts: the choice, and its cache.
//!
//! The rule, everywhere: fewest bytes copied, then the user's preference, then the score, then linked-in before loaded,
//! then the plugin's id. Plugins are looked for only where nothing linked in answers, or where the user prefers an id
//! that is not known yet.

use crate::checked::checked;
use crate::record::PluginState;
use crate::registry::{Plugin, Registry};
use crate::ways::{by_rank, meets, steps, ways, words, Step, Way};
use iolink_sdk::abi::{iolink_call, iolink_provider};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{host_api, Adopt, Call, Convert, Create, Error, ErrorKind, Kind, Result, View};
use std::collections::HashMap;
use std::ffi::CStr;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Choices that were made. They are kept only while the list of plugins is read, and forgotten while it is written, so a
/// choice never outlives the list it was made from.
#[derive(Default)]
pub(crate) struct Quick {
    create: [AtomicPtr<iolink_provider>; Kind::ALL.len()],
    adopt: [AtomicPtr<iolink_provider>; Kind::ALL.len()],
    convert: RwLock<HashMap<(Kind, u64, Convert), Arc<Chain>>>,
    /// How often everything was forgotten.
    forgotten: AtomicU64,
}

impl Quick {
    /// To be called with the list of plugins locked for writing.
    pub(crate) fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        for slot in self.create.iter().chain(&self.adopt) {
            slot.store(null_mut(), Ordering::Release);
        }
        self.convert.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Functions to be called one after the other, each with what it shall lead to.
type Chain = Vec<(&'static iolink_provider, Convert)>;

impl Registry {
    /// A new view.
    ///
    /// # Errors
    /// `NotImplemented` where nothing creates views of the kind; what the chosen provider fails with.
    pub fn create(&self, request: Create) -> Result<View> {
        self.create_with(request, &Call::silent())
    }

    /// [`create`](Registry::create) with progress, cancellation, deadline and thread limit.
    ///
    /// # Errors
    /// As [`create`](Registry::create); `Cancelled` or `Timeout` by `call`.
    pub fn create_with(&self, request: Create, call: &Call<'_>) -> Result<View> {
        if request.target.is_some() {
            return self.create_at_target(request, call);
        }
        create_by(self, self.choice(OfferKind::Create, request.kind())?, request, call)
    }

    /// A view of foreign memory, without a copy.
    ///
    /// # Errors
    /// `NotImplemented` where nothing adopts memory as such a view; what the chosen provider fails with.
    #[inline]
    pub fn adopt(&self, given: Adopt) -> Result<View> {
        adopt_by(self, self.choice(OfferKind::Adopt, given.kind())?, given, null())
    }

    /// [`adopt`](Registry::adopt) with a context: a table is read from its stream meanwhile, and `progress` gets the number of
    /// rows so far and 0, for the stream does not tell how many follow.
    ///
    /// # Errors
    /// As [`adopt`](Registry::adopt); `Cancelled`, `Timeout`.
    pub fn adopt_with(&self, given: Adopt, call: &Call<'_>) -> Result<View> {
        let provider = self.choice(OfferKind::Adopt, given.kind())?;
        host_api::with_raw_call(call, |call| adopt_by(self, provider, given, call))
    }

    /// Id of the provider that [`adopt`](Registry::adopt) chooses for views of a kind.
    ///
    /// # Errors
    /// `NotImplemented` where nothing adopts memory as such a view.
    pub fn adopter(&self, kind: Kind) -> Result<&'static str> {
        Ok(id_of(self.choice(OfferKind::Adopt, kind)?))
    }

    #[inline]
    fn choice(&self, offer: OfferKind, kind: Kind) -> Result<&'static iolink_provider> {
        let quick = &self.inner.quick;
        let slots = if offer == OfferKind::Adopt { &quick.adopt } else { &quick.create };
        let slot = &slots[kind as usize];
        // SAFETY: only static providers are stored.
        match unsafe { slot.load(Ordering::Acquire).as_ref() } {
            Some(provider) => Ok(provider),
            None => self.choose(offer, kind, slot),
        }
    }

    #[cold]
    fn choose(
        &self,
        offer: OfferKind,
        kind: Kind,
        slot: &AtomicPtr<iolink_provider>,
    ) -> Result<&'static iolink_provider> {
        self.know_preferred();
        loop {
            let best = {
                let plugins = self.read();
                let mut fitting = steps(&plugins, &self.preference(), offer);
                // An offer that names a format creates files, at a target.
                fitting.retain(|step| step.offer.kind == kind && step.offer.format.is_empty());
                fitting.sort_by(by_rank);
                let best = fitting.into_iter().next();
                let raw = best.as_ref().and_then(|best| {
                    plugins.iter().find(|plugin| plugin.info.id == best.plugin)?.function(&best.provider)
                });
                if let (Some(raw), Some(best)) = (raw, &best) {
                    slot.store(std::ptr::from_ref(raw).cast_mut(), Ordering::Release);
                    drop(plugins);
                    tracing::debug!(
                        provider = best.provider,
                        offer = offer.word(),
                        kind = kind.word(),
                        "provider chosen"
                    );
                    return Ok(raw);
                }
                best
            };
            match best {
                // A plugin that cannot be loaded is refused, and the next round takes the next one.
                Some(best) => drop(self.load(&best.plugin)),
                None if !self.has_discovered() => self.discover(),
                None => {
                    let what = if offer == OfferKind::Adopt { "adopts memory as" } else { "creates" };
                    iolink_sdk::fail!(
                        NotImplemented,
                        "nothing installed {what} views of kind {}; installed: {}",
                        kind.word(),
                        self.installed()
                    );
                }
            }
        }
    }

    /// Looks for plugins where the user prefers one that is not known.
    fn know_preferred(&self) {
        let unknown = |id: &String| {
            let known = |plugin: &Plugin| {
                plugin.info.id == *id || plugin.info.providers.iter().any(|provider| provider.id == *id)
            };
            !self.read().iter().any(known)
        };
        if !self.has_discovered() && self.preference().iter().any(unknown) {
            self.discover();
        }
    }

    /// Ids of all providers that are not refused.
    pub(crate) fn installed(&self) -> String {
        let plugins = self.read();
        let usable = plugins.iter().filter(|plugin| plugin.info.state != PluginState::Refused);
        let ids: Vec<&str> =
            usable.flat_map(|plugin| &plugin.info.providers).map(|provider| provider.id.as_str()).collect();
        if ids.is_empty() {
            "nothing".to_owned()
        } else {
            ids.join(", ")
        }
    }

    /// The view itself where it has all of the target, else another view of the same data by the cheapest chain of at
    /// most two conversions.
    ///
    /// # Errors
    /// `NotImplemented` where nothing leads there: the message names what is missing and what would provide it. What a
    /// conversion fails with.
    pub fn convert(&self, view: View, target: Convert) -> Result<View> {
        self.convert_with(view, target, &Call::silent())
    }

    /// [`convert`](Registry::convert) with progress, cancellation, deadline and thread limit.
    ///
    /// # Errors
    /// As [`convert`](Registry::convert); `Cancelled` or `Timeout` by `call`.
    pub fn convert_with(&self, view: View, target: Convert, call: &Call<'_>) -> Result<View> {
        let (kind, capabilities) = (view.kind(), view.capability_bits());
        if meets(kind, capabilities, &target) {
            return Ok(view);
        }
        let key = (kind, capabilities, target.clone());
        let quick = &self.inner.quick.convert;
        let cached = quick.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(chain) = cached {
            return self.follow(view, &chain, call);
        }
        self.know_preferred();
        let mut last: Option<Error> = None;
        let mut tried: Vec<Vec<(String, String)>> = Vec::new();
        loop {
            let ids = |way: &Way| -> Vec<(String, String)> {
                way.steps.iter().map(|step| (step.plugin.clone(), step.provider.clone())).collect()
            };
            let chosen_at = self.inner.quick.forgotten.load(Ordering::Acquire);
            let way = self.ways(kind, capabilities, &target).into_iter().find(|way| !tried.contains(&ids(way)));
            let Some(way) = way else {
                if !self.has_discovered() {
                    self.discover();
                    continue;
                }
                return Err(last.unwrap_or_else(|| self.no_way(kind, capabilities, &target)));
            };
            tried.push(ids(&way));
            let chain = match self.chain(&way, &target) {
                Ok(chain) => chain,
                Err(error) => {
                    tracing::debug!(%error, "a conversion is passed over");
                    last = Some(error);
                    continue;
                }
            };
            match self.follow(view.clone(), &chain, call) {
                Ok(made) => {
                    let providers: Vec<&str> = way.steps.iter().map(|step| step.provider.as_str()).collect();
                    tracing::debug!(?providers, copies = way.copies(), kind = target.kind.word(), "conversion chosen");
                    let _nobody_forgets = self.read();
                    if self.inner.quick.forgotten.load(Ordering::Acquire) == chosen_at {
                        quick.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::new(chain));
                    }
                    return Ok(made);
                }
                // The data may be at fault with any other error, and the next way would only hide it.
                Err(error) if matches!(error.kind(), ErrorKind::NotImplemented | ErrorKind::Internal) => {
                    tracing::debug!(%error, "a conversion is passed over");
                    last = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn ways(&self, kind: Kind, capabilities: u64, target: &Convert) -> Vec<Way> {
        let preference = self.preference();
        ways(&steps(&self.read(), &preference, OfferKind::Convert), kind, capabilities, target)
    }

    fn chain(&self, way: &Way, target: &Convert) -> Result<Chain> {
        let mut chain = Vec::new();
        for (index, step) in way.steps.iter().enumerate() {
            let last = index + 1 == way.steps.len();
            let wanted = if last { target.clone() } else { step.result() };
            chain.push((self.functions(&step.plugin, &step.provider)?, wanted));
        }
        Ok(chain)
    }

    fn follow(&self, mut view: View, chain: &Chain, call: &Call<'_>) -> Result<View> {
        for (provider, target) in chain {
            view = convert_by(self, provider, view, target, call)?;
        }
        Ok(view)
    }

    /// Nothing leads there: what is missing, and what would provide it.
    pub(crate) fn no_way(&self, kind: Kind, capabilities: u64, target: &Convert) -> Error {
        let mut message = format!("the view is {}", words(kind, capabilities));
        if kind == target.kind {
            let missing = kind.capability_names(target.capabilities & !capabilities).join(" | ");
            message.push_str(&format!(" and has no {missing}"));
        } else {
            message.push_str(&format!(", and {} was asked for", words(target.kind, target.capabilities)));
        }
        let out: Vec<String> = self
            .blocked(kind, capabilities, target)
            .into_iter()
            .map(|(provider, missing)| format!("{provider} would provide it if the view had {missing}"))
            .collect();
        message.push_str("; ");
        message.push_str(&match out.is_empty() {
            true => format!("nothing installed provides it (installed: {})", self.installed()),
            false => out.join("; "),
        });
        Error::new(ErrorKind::NotImplemented, message)
    }

    /// Conversions that would arrive if the view had more capabilities.
    pub(crate) fn blocked(&self, kind: Kind, capabilities: u64, target: &Convert) -> Vec<(String, String)> {
        let mut all = steps(&self.read(), &self.preference(), OfferKind::Convert);
        all.retain(|step| {
            step.offer.from_kind == Some(kind)
                && meets(step.offer.kind, step.offer.capabilities, target)
                && step.offer.from_capabilities & !capabilities != 0
        });
        all.sort_by(by_rank);
        let missing = |step: &Step| kind.capability_names(step.offer.from_capabilities & !capabilities).join(" | ");
        all.iter().map(|step| (step.provider.clone(), missing(step))).collect()
    }
}

/// A new view by one provider.
pub(crate) fn create_by(
    registry: &Registry,
    provider: &'static iolink_provider,
    wanted: Create,
    call: &Call<'_>,
) -> Result<View> {
    let create = provider.create.ok_or_else(gone)?;
    let made = wanted.with_border(|request| {
        host_api::with_raw_call(call, |call| {
            let host = registry.host_table();
            // SAFETY: host, request and call live until this returns; a provider makes what it says it makes.
            unsafe {
                host_api::call_provider_for_view(id_of(provider), |out, error| {
                    create(provider, host, request, call, out, error)
                })
            }
        })
    });
    made.map_err(|error| named(error, provider))
}

/// A view of foreign memory by one provider.
#[inline]
/// `call` is NULL or lives until this returns.
pub(crate) fn adopt_by(
    registry: &Registry,
    provider: &'static iolink_provider,
    given: Adopt,
    call: *const iolink_call,
) -> Result<View> {
    let adopt = provider.adopt.ok_or_else(gone)?;
    let made = given.with_border(|request| {
        let host = registry.host_table();
        // SAFETY: host, request and call live until this returns; a provider makes what it says it makes.
        unsafe {
            host_api::call_provider_for_view(id_of(provider), |out, error| {
                adopt(provider, host, request, call, out, error)
            })
        }
    });
    made.map_err(|error| named(error, provider))
}

/// Another view of the same data by one provider, held to what was asked for.
pub(crate) fn convert_by(
    registry: &Registry,
    provider: &'static iolink_provider,
    view: View,
    target: &Convert,
    call: &Call<'_>,
) -> Result<View> {
    let convert = provider.convert.ok_or_else(gone)?;
    let (id, host) = (id_of(provider), registry.host_table());
    let made = target.with_border(|request| {
        host_api::with_raw_view(view, |raw| {
            host_api::with_raw_call(call, |call| {
                // SAFETY: host, view, request and call live until this returns; a provider makes what it says it makes.
                unsafe {
                    host_api::call_provider_for_view(id, |out, error| {
                        convert(provider, host, raw, request, call, out, error)
                    })
                }
            })
        })
    });
    let view = made.and_then(|view| checked(view, id)).map_err(|error| named(error, provider))?;
    if !meets(view.kind(), view.capability_bits(), target) {
        let (has, asked) = (words(view.kind(), view.capability_bits()), words(target.kind, target.capabilities));
        let error = Error::new(ErrorKind::Internal, format!("the conversion gave {has}, not the promised {asked}"));
        return Err(named(error, provider));
    }
    Ok(view)
}

pub(crate) fn gone() -> Error {
    Error::new(ErrorKind::Internal, "the provider lost a function that it offered")
}

/// The id of a provider that is in use.
#[inline]
pub(crate) fn id_of(provider: &'static iolink_provider) -> &'static str {
    // SAFETY: the id was judged: NUL-terminated UTF-8, in memory that stays.
    unsafe { std::str::from_utf8_unchecked(CStr::from_ptr(provider.id).to_bytes()) }
}

/// The error with the provider's id, which plugins not in Rust may leave out.
#[cold]
pub(crate) fn named(error: Error, provider: &'static iolink_provider) -> Error {
    error.with_provider(id_of(provider))
}

//! Who opens a source: candidates by what plugins say of themselves, then by asking them.
//!
//! Evidence: magic bytes (90), the end of the name (60, both 95), a URI scheme (50), or an offer that names none of
//! these and wants to be asked (10). A longer ending beats a shorter one: `nii.gz` before `gz`. Only candidates are
//! loaded; where there are several, each is asked by its `identify`, whose answer replaces the evidence. A candidate that
//! fails is passed over, and when all have failed the error lists every attempt.
//!
//! Options are an order to the provider that fits best: one that it does not declare, or of another type, ends the opening,
//! and so does whatever it fails with, unless it says that the source is not of its format. Another provider would open
//! something else.

use crate::checked::checked;
use crate::record::{OfferRecord, OptionRecord, PluginState};
use crate::registry::Registry;
use crate::route::{id_of, named};
use crate::source;
use crate::ways::liking;
use iolink_sdk::abi::{iolink_provider, IOLINK_ERROR_NOT_IMPLEMENTED};
use iolink_sdk::provider::{check_options, OfferKind};
use iolink_sdk::{fail, host_api, Call, Error, ErrorKind, RandomAccess, Result, Source, View};
use std::cmp::Reverse;
use std::sync::Arc;

/// What was opened, and by whom.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The view.
    pub view: View,
    /// Id of the provider.
    pub provider: String,
}

/// A provider that may open a source, and why.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) plugin: String,
    pub(crate) provider: String,
    pub(crate) state: PluginState,
    pub(crate) offer: OfferRecord,
    pub(crate) score: u32,
    pub(crate) why: String,
    builtin: bool,
    python: bool,
    liked: usize,
    /// Letters of the ending that fits.
    fit: usize,
}

impl Claim {
    /// Best first: of equal ones what is linked in, then what is loaded, then what is written in Python.
    fn rank(&self) -> impl Ord + '_ {
        let kind = (!self.builtin, self.python);
        (self.liked, Reverse(self.score), Reverse(self.fit), kind, &self.plugin, &self.provider)
    }
}

/// The providers that may open a source.
pub(crate) struct Claims {
    /// Those that can be asked, best first; at least one.
    pub(crate) usable: Vec<Claim>,
    /// Those that were refused, and would be asked otherwise.
    pub(crate) refused: Vec<RefusedClaim>,
}

/// A provider that may open a source, of a plugin that was refused.
pub(crate) struct RefusedClaim {
    pub(crate) provider: String,
    pub(crate) reason: String,
    pub(crate) offer: OfferRecord,
}

/// What can be known of a source without any provider.
struct Evidence {
    name: String,
    scheme: String,
    bytes: Option<Arc<dyn RandomAccess>>,
    head: Vec<u8>,
}

const HEAD: usize = 1024;

impl Evidence {
    fn of(source: &Source) -> Self {
        let name = match source.path() {
            Some(path) => path.file_name().unwrap_or_default().to_string_lossy().to_lowercase(),
            None => {
                let path = source.uri().split(['?', '#']).next().unwrap_or_default();
                path.rsplit(['/', ':']).next().unwrap_or_default().to_lowercase()
            }
        };
        let scheme = source::scheme(source.uri()).unwrap_or_default().to_lowercase();
        let bytes = source.bytes().ok();
        let mut head = vec![0; HEAD];
        let count = bytes.as_ref().and_then(|bytes| bytes.read_at(0, &mut head).ok()).unwrap_or(0);
        head.truncate(count);
        Evidence { name, scheme, bytes, head }
    }

    fn holds(&self, offset: u64, magic: &[u8]) -> bool {
        if let Some(end) = offset.checked_add(magic.len() as u64).filter(|end| *end <= HEAD as u64) {
            return self.head.get(offset as usize..end as usize) == Some(magic);
        }
        let mut there = vec![0; magic.len()];
        let read = |bytes: &Arc<dyn RandomAccess>| bytes.read_at(offset, &mut there).ok();
        self.bytes.as_ref().and_then(read) == Some(magic.len()) && there == magic
    }

    /// Score, letters of the ending that fits, and words; nothing where nothing speaks for the offer.
    fn weigh(&self, offer: &OfferRecord) -> Option<(u32, usize, String)> {
        let remote = !self.scheme.is_empty() && self.scheme != "file" && self.scheme != "stream";
        let scheme = offer.schemes.contains(&self.scheme);
        if remote && !scheme && self.bytes.is_none() {
            return None;
        }
        let ending = offer.ending_of(&self.name);
        let magic = offer.magic.iter().find(|(offset, magic)| self.holds(*offset, magic));
        let at = |magic: &(u64, Vec<u8>)| format!("its magic bytes at {}", magic.0);
        Some(match (magic, ending) {
            (Some(magic), Some(ending)) => (95, ending.len(), format!("{} and the ending .{ending}", at(magic))),
            (Some(magic), None) => (90, 0, at(magic)),
            (None, Some(ending)) => (60, ending.len(), format!("the ending .{ending}")),
            (None, None) if scheme => (50, 0, format!("the scheme {}:", self.scheme)),
            (None, None) if offer.extensions.is_empty() && offer.magic.is_empty() && offer.schemes.is_empty() => {
                (10, 0, "an offer that names no sign of its format".to_owned())
            }
            (None, None) => return None,
        })
    }

    /// The source in words, for the error that nobody knows it.
    fn words(&self) -> String {
        let mut words = Vec::new();
        if !matches!(self.scheme.as_str(), "" | "file" | "stream") {
            words.push(format!("its scheme is {}:", self.scheme));
        }
        match self.name.split_once('.') {
            Some((_, ending)) if !ending.is_empty() => words.push(format!("its name ends with .{ending}")),
            _ => words.push("its name has no ending".to_owned()),
        }
        if let Some(bytes) = &self.bytes {
            let start: Vec<String> = self.head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            words.push(match bytes.length() {
                Ok(0) => "it is empty".to_owned(),
                _ => format!("it starts with the bytes {}", start.join(" ")),
            });
        }
        words.join(", ")
    }
}

/// A view of a source by a provider's own function.
pub(crate) fn open_by(
    registry: &Registry,
    provider: &'static iolink_provider,
    source: &Source,
    call: &Call<'_>,
) -> Result<View> {
    let Some(open) = provider.open else { fail!(Internal, "the provider lost its function open") };
    let id = id_of(provider);
    let made = source.with_border(|border| {
        host_api::with_raw_call(call, |call| {
            // SAFETY: host, source and call live until this returns; a provider makes what it says it makes.
            unsafe {
                host_api::call_provider_for_view(id, |out, error| {
                    open(provider, registry.host_table(), border, call, out, error)
                })
            }
        })
    });
    made.and_then(|view| checked(view, id)).map_err(|error| named(error, provider))
}

/// How sure a provider is; nothing where it goes by its offers.
pub(crate) fn identify(
    registry: &Registry,
    provider: &'static iolink_provider,
    source: &Source,
    call: &Call<'_>,
) -> Result<Option<u32>> {
    let Some(identify) = provider.identify else { return Ok(None) };
    let mut score = 0;
    let mut status = 0;
    let asked = source.with_border(|border| {
        host_api::with_raw_call(call, |call| {
            host_api::call(|error| {
                // SAFETY: host, source, call, score and error live until this returns.
                status = unsafe { identify(provider, registry.host_table(), border, call, &mut score, error) };
                status
            })
        })
    });
    match asked {
        Ok(()) => Ok(Some(score.min(100))),
        Err(_) if status == IOLINK_ERROR_NOT_IMPLEMENTED => Ok(None),
        Err(error) => Err(named(error, provider)),
    }
}

impl Registry {
    /// Opens a source by whichever provider fits, or by the one that `provider` names (its id, or its plugin's).
    ///
    /// # Errors
    /// `NotFound` where the file or the named provider is not there; `Unsupported` where nobody knows the source: the
    /// message lists what is installed and what each can open; what the only candidate fails with; where several fail,
    /// the first one's kind and every attempt.
    pub fn open(&self, source: Source, provider: Option<&str>) -> Result<Opened> {
        self.open_with(source, provider, &Call::silent())
    }

    /// [`open`](Registry::open) with progress, cancellation, deadline and thread limit.
    ///
    /// # Errors
    /// As [`open`](Registry::open); `Cancelled` or `Timeout` by `call`.
    pub fn open_with(&self, source: Source, provider: Option<&str>, call: &Call<'_>) -> Result<Opened> {
        let provider = provider.or_else(|| source.provider()).map(str::to_owned);
        let provider = provider.as_deref();
        let source = source::complete(source)?;
        self.discover();
        let Claims { usable: mut claims, refused } = self.claims(&source, provider)?;
        let mut failed: Vec<(String, Error)> = Vec::new();
        if claims.len() > 1 {
            claims = self.ask(claims, &source, call, &mut failed);
        }
        for claim in claims {
            let opened = self.functions(&claim.plugin, &claim.provider).and_then(|functions| {
                let format = Some(claim.offer.format.as_str()).filter(|format| !format.is_empty());
                self.check_options(&claim.provider, OfferKind::Open, format, source.options())
                    .map_err(|error| beside(error, &source, &refused, self))?;
                open_by(self, functions, &source, call)
            });
            match opened {
                Ok(view) => {
                    tracing::info!(
                        source = source.uri(),
                        provider = claim.provider,
                        score = claim.score,
                        why = claim.why,
                        "opened"
                    );
                    return Ok(Opened { view, provider: claim.provider });
                }
                Err(error) => {
                    tracing::info!(source = source.uri(), provider = claim.provider, %error, "passed over");
                    let stop = ends_the_opening(&error, &source);
                    failed.push((claim.provider, error));
                    if stop {
                        break;
                    }
                }
            }
        }
        Err(nobody_could(&source, failed))
    }

    /// Validates the options of a source or target against those that a provider declares. One that is linked in or written in
    /// Python, and declares nothing, looks at them itself.
    ///
    /// # Errors
    /// `InvalidArgument` for an option that the provider does not have, and for a value of another type.
    pub(crate) fn check_options(
        &self,
        provider: &str,
        offer: OfferKind,
        format: Option<&str>,
        options: &[(String, String)],
    ) -> Result<()> {
        if options.is_empty() {
            return Ok(());
        }
        let plugins = self.read();
        let mut providers = plugins.iter().flat_map(|plugin| &plugin.info.providers);
        let record = providers.find(|record| record.id == provider);
        let offers = record.into_iter().flat_map(|record| &record.offers).filter(|known| {
            known.offer == offer && format.is_none_or(|format| known.is_called(format) || known.format.is_empty())
        });
        let rules: Vec<_> = offers.flat_map(|offer| &offer.options).map(OptionRecord::rule).collect();
        check_options(provider, &rules, options).map_err(|error| error.with_provider(provider))
    }

    /// Asks every candidate how sure it is, loading it where that is needed.
    fn ask(
        &self,
        claims: Vec<Claim>,
        source: &Source,
        call: &Call<'_>,
        failed: &mut Vec<(String, Error)>,
    ) -> Vec<Claim> {
        let mut sure = Vec::with_capacity(claims.len());
        for mut claim in claims {
            let answer = self
                .functions(&claim.plugin, &claim.provider)
                .and_then(|functions| identify(self, functions, source, call));
            tracing::debug!(source = source.uri(), provider = claim.provider, ?answer, "identify");
            match answer {
                Ok(Some(0)) => {
                    let words = "says that it is not of its format".to_owned();
                    failed.push((claim.provider, Error::new(ErrorKind::Unsupported, words)));
                    continue;
                }
                Ok(Some(score)) => (claim.score, claim.why) = (score, format!("its own look ({})", claim.why)),
                Ok(None) => {}
                Err(error) => {
                    let refused = !source.options().is_empty() && error.kind() == ErrorKind::InvalidArgument;
                    let stop = refused || error.kind() == ErrorKind::Cancelled;
                    failed.push((claim.provider, error));
                    if stop {
                        return Vec::new();
                    }
                    continue;
                }
            }
            sure.push(claim);
        }
        sure.sort_by(|one, other| one.rank().cmp(&other.rank()));
        sure
    }

    /// The candidates by what the plugins say of themselves, best first; nothing is loaded.
    pub(crate) fn claims(&self, source: &Source, provider: Option<&str>) -> Result<Claims> {
        let evidence = Evidence::of(source);
        let preference = self.preference();
        let mut claims: Vec<Claim> = Vec::new();
        let mut would: Vec<RefusedClaim> = Vec::new();
        let mut known = false;
        let mut reason = None;
        for plugin in self.read().iter() {
            for record in &plugin.info.providers {
                if provider.is_some_and(|wanted| wanted != record.id && wanted != plugin.info.id) {
                    continue;
                }
                let offers = record.offers.iter().filter(|offer| offer.offer == OfferKind::Open);
                let best = offers
                    .filter_map(|offer| {
                        weigh(&evidence, offer, source.format(), provider.is_some()).map(|at| (at, offer))
                    })
                    .max_by_key(|((score, fit, _), _)| (*score, *fit));
                if plugin.info.state == PluginState::Refused {
                    reason = plugin.info.reason.clone().or(reason);
                    if let Some((_, offer)) = best {
                        would.push(RefusedClaim {
                            provider: record.id.clone(),
                            reason: plugin.info.reason.clone().unwrap_or_default(),
                            offer: offer.clone(),
                        });
                    }
                    continue;
                }
                known = true;
                if let Some(((score, fit, why), offer)) = best {
                    claims.push(Claim {
                        plugin: plugin.info.id.clone(),
                        provider: record.id.clone(),
                        state: plugin.info.state,
                        offer: offer.clone(),
                        score,
                        why,
                        builtin: plugin.info.builtin,
                        python: plugin.info.python.is_some(),
                        liked: liking(&preference, &plugin.info.id, &record.id),
                        fit,
                    });
                }
            }
        }
        if let (true, Some(wanted), false) = (claims.is_empty(), provider, known) {
            match reason {
                Some(reason) => fail!(Refused, "the provider {wanted} was refused: {reason}"),
                None => fail!(NotFound, "there is no provider {wanted}; installed: {}", self.installed()),
            }
        }
        if claims.is_empty() {
            return Err(self.nobody_knows(source, provider, &evidence, &would));
        }
        claims.sort_by(|one, other| one.rank().cmp(&other.rank()));
        Ok(Claims { usable: claims, refused: would })
    }

    fn nobody_knows(
        &self,
        source: &Source,
        provider: Option<&str>,
        evidence: &Evidence,
        would: &[RefusedClaim],
    ) -> Error {
        let name = source::name(source);
        let mut message = match (provider, source.format()) {
            (Some(provider), Some(format)) => {
                format!("{provider} does not open the format {format:?}, asked for {name}")
            }
            (Some(provider), None) => format!("{provider} opens nothing, so not {name} either"),
            (None, Some(format)) => format!("nothing installed opens the format {format:?}, asked for {name}"),
            (None, None) => format!("nothing installed opens {name}: {}", evidence.words()),
        };
        for RefusedClaim { provider, reason, .. } in would {
            message.push_str(&format!("\n  {provider} would, but was refused: {reason}"));
        }
        message.push_str("\ninstalled:");
        let known = self.openers();
        match known.is_empty() {
            true => message.push_str(" nothing that opens sources; add a plugin to IOLINK_PLUGIN_PATH or install one"),
            false => known.iter().for_each(|line| message.push_str(&format!("\n  {line}"))),
        }
        Error::new(ErrorKind::Unsupported, message)
    }

    /// What each provider opens, a line for each.
    fn openers(&self) -> Vec<String> {
        let plugins = self.read();
        let usable = plugins.iter().filter(|plugin| plugin.info.state != PluginState::Refused);
        let mut lines = Vec::new();
        for provider in usable.flat_map(|plugin| &plugin.info.providers) {
            let opens: Vec<String> =
                provider.offers.iter().filter(|offer| offer.offer == OfferKind::Open).map(format_words).collect();
            if !opens.is_empty() {
                lines.push(format!("{} ({}) opens {}", provider.id, provider.title, opens.join("; ")));
            }
        }
        lines
    }
}

/// Evidence for an offer, given what the user asked for.
fn weigh(evidence: &Evidence, offer: &OfferRecord, format: Option<&str>, named: bool) -> Option<(u32, usize, String)> {
    let seen = evidence.weigh(offer);
    let asked = format.map(|format| offer.is_called(format));
    match (asked, seen) {
        (Some(false), _) => None,
        (Some(true), Some((score, fit, why))) => Some((score, fit, format!("the format asked for, and {why}"))),
        (Some(true), None) => Some((70, 0, "the format asked for".to_owned())),
        (None, Some(seen)) => Some(seen),
        (None, None) if named => Some((1, 0, "the provider asked for".to_owned())),
        (None, None) => None,
    }
}

/// A format with its signs: `NIfTI (.nii .nii.gz)`.
pub(crate) fn format_words(offer: &OfferRecord) -> String {
    let endings: Vec<String> = offer.extensions.iter().map(|ending| format!(".{ending}")).collect();
    let schemes: Vec<String> = offer.schemes.iter().map(|scheme| format!("{scheme}:")).collect();
    let signs = [endings, schemes].concat().join(" ");
    let format = if offer.format.is_empty() { offer.kind.word() } else { &offer.format };
    if signs.is_empty() {
        format.to_owned()
    } else {
        format!("{format} ({signs})")
    }
}

/// Does a failure end the opening, because another candidate would open something else than was asked for? Options are for
/// the best candidate, and only one that is not of the format, or cannot be loaded, leaves them to the next.
fn ends_the_opening(error: &Error, source: &Source) -> bool {
    let leaves_it = matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Refused);
    error.kind() == ErrorKind::Cancelled || (!source.options().is_empty() && !leaves_it)
}

/// The error of a provider that lacks an option, with the refused providers that have it.
fn beside(error: Error, source: &Source, refused: &[RefusedClaim], registry: &Registry) -> Error {
    let takes = |claim: &&RefusedClaim| {
        let declared = registry.options(&claim.provider);
        source.options().iter().any(|(key, _)| declared.iter().any(|one| one.name == *key))
    };
    let mut message = error.message().to_owned();
    for RefusedClaim { provider, reason, .. } in refused.iter().filter(takes) {
        message.push_str(&format!("\n  {provider} has it, but was refused: {reason}"));
    }
    Error::new(error.kind(), message).with_provider(error.provider())
}

/// Every candidate failed, or the last one of `failed` ended the opening.
fn nobody_could(source: &Source, mut failed: Vec<(String, Error)>) -> Error {
    if failed.len() == 1 {
        let (_, error) = failed.remove(0);
        return error;
    }
    let ended = |(_, error): &&(String, Error)| ends_the_opening(error, source);
    let worst = failed.iter().rfind(ended).or(failed.first());
    let kind = worst.map_or(ErrorKind::Unsupported, |(_, error)| error.kind());
    let code = worst.map_or(0, |(_, error)| error.code());
    let mut message = format!("none of the {} providers that might open {} could:", failed.len(), source::name(source));
    for (provider, error) in &failed {
        message.push_str(&format!("\n  {provider}: {}", error.message()));
    }
    Error::new(kind, message).with_code(code)
}

//! Prints the plugins that the host finds by `IOLINK_PLUGIN_PATH`; with the argument `check`, after loading them.

use iolink_host::Registry;

fn main() {
    let check = std::env::args().nth(1).is_some_and(|word| word == "check");
    for plugin in Registry::builder().build().plugins(check) {
        let place = plugin.path.as_ref().map_or_else(|| "linked in".to_owned(), |path| path.display().to_string());
        println!("{:<24} {:<8} {:<9} {place}", plugin.id, plugin.version, plugin.state.word());
        if let Some(reason) = &plugin.reason {
            println!("  {reason}");
        }
        for provider in &plugin.providers {
            let offers: Vec<String> = provider
                .offers
                .iter()
                .map(|offer| {
                    format!("{} {} {}", offer.offer.word(), offer.kind.word(), offer.format).trim_end().to_owned()
                })
                .collect();
            println!("  {}: {}", provider.title, offers.join(", "));
        }
    }
}

//! Decisions are events, plugins' events keep their targets, and nothing is looked for before it is needed.

use iolink_host::Registry;
use iolink_sdk::{
    Call, Create, CreateView, DataType, Host, ImageView, Kind, LogLevel, Offer, Provider, ProviderInfo, Result, Shape,
    View,
};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

struct Blank;

impl ImageView for Blank {
    fn capabilities(&self) -> iolink_sdk::ImageCapability {
        iolink_sdk::ImageCapability::NONE
    }
    fn shape(&self) -> Shape {
        Shape::new(&[1]).unwrap()
    }
    fn data_type(&self) -> DataType {
        DataType::UINT8
    }
}

struct Talker;

impl Provider for Talker {
    const INFO: ProviderInfo = ProviderInfo::new("org.test.talker", "Talks").offers(&[Offer::create(Kind::Image)]);

    fn create(&self, host: &Host, _: Create, call: &Call<'_>) -> Result<View> {
        host.log(LogLevel::Warn, "talker::inside", "odd");
        host.log(LogLevel::Info, "", "no target");
        call.step(1, 2)?;
        Ok(View::image(Blank))
    }
}

iolink_sdk::builtin!(Talker);

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl<S: tracing::Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let known = event.metadata();
        self.0.lock().unwrap().push(format!("{} {} {}", known.level(), known.target(), message.0));
    }
}

fn blank() -> Create {
    CreateView::image(Shape::new(&[1]).unwrap(), DataType::UINT8, None).in_memory()
}

fn heard(body: impl FnOnce()) -> Vec<String> {
    let heard = Heard::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(heard.clone()), body);
    let events = heard.0.lock().unwrap().clone();
    events
}

/// One test alone in its process: `tracing` remembers for all threads whether anybody listens to a place.
#[test]
fn decisions_and_plugins_are_heard_and_nothing_is_searched_before_it_is_needed() {
    let events = heard(|| {
        let registry = Registry::builder().plugin_path_env(false).build();
        registry.create(blank()).unwrap();
        registry.create(blank()).unwrap();
    });
    let talk = ["WARN talker::inside odd", "INFO iolink_plugin no target"];
    let mut expected = vec![
        "INFO iolink_host::registry plugin admitted".to_owned(),
        "DEBUG iolink_host::route provider chosen".to_owned(),
    ];
    expected.extend(talk.iter().chain(&talk).map(|line| (*line).to_owned()));
    assert_eq!(events, expected);
    let events = heard(|| {
        let registry = Registry::builder().plugin_path_env(false).build();
        assert!(registry.create(CreateView::Stream { capacity: 0 }.in_memory()).is_err());
    });
    assert!(events.contains(&"DEBUG iolink_host::discover looked for plugins".to_owned()), "{events:?}");
}

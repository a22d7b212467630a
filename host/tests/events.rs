//! The host's table, from the side of a provider: progress, and the references that keep it.

use iolink_host::Registry;
use iolink_sdk::{
    Call, Create, CreateView, DataType, Host, ImageView, Kind, LogLevel, Offer, Provider, ProviderInfo, Result, Shape,
    View,
};
use std::sync::Mutex;

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

fn blank() -> Create {
    CreateView::image(Shape::new(&[1]).unwrap(), DataType::UINT8, None).in_memory()
}

#[test]
fn a_listener_hears_the_progress_and_may_stop_it() {
    let registry = Registry::builder().plugin_path_env(false).build();
    let steps = Mutex::new(Vec::new());
    let listener = |done, total| {
        steps.lock().unwrap().push((done, total));
        true
    };
    registry.create_with(blank(), &Call::new(&listener)).unwrap();
    assert_eq!(*steps.lock().unwrap(), [(1, 2)]);
    let stopped = registry.create_with(blank(), &Call::new(&|_, _| false)).err().unwrap();
    assert_eq!((stopped.kind(), stopped.provider()), (iolink_sdk::ErrorKind::Cancelled, "org.test.talker"));
    let panicked = registry.create_with(blank(), &Call::new(&|_, _| panic!("in the listener")));
    assert_eq!(panicked.err().unwrap().kind(), iolink_sdk::ErrorKind::Cancelled);
    registry.create(blank()).unwrap();
}

#[test]
fn the_host_lives_while_a_reference_is_held() {
    let registry = Registry::builder().plugin_path_env(false).build();
    let table = registry.host_table();
    // SAFETY: the table lives while the registry, and then while the reference taken here, is held.
    unsafe {
        let (context, retain, release) = ((*table).context, (*table).retain.unwrap(), (*table).release.unwrap());
        retain(context);
        drop(registry);
        assert_eq!((*table).size as usize, size_of::<iolink_sdk::abi::iolink_host>());
        ((*table).log.unwrap())(context, 3, c"late".as_ptr(), c"still here".as_ptr());
        release(context);
    }
}

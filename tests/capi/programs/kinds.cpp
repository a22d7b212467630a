// A view of each kind of a plugin in C, as C++ sees it; sets, metadata and channels of our own: kinds PLUGIN.
#include "claims.hpp"

using iolinkrs::ImageView;
using iolinkrs::LodImageView;
using iolinkrs::Metadata;
using iolinkrs::MetadataValue;
using iolinkrs::MultiImageView;

/// Opens kinds:WORD; it is not a path although no slashes follow.
template <class V>
static std::shared_ptr<V> opened(const iolinkrs::Registry &registry, const std::string &word, iolink_view *store = nullptr) {
    const std::string uri = "kinds:" + word;
    IOLINK_SIZED(iolink_source, source);
    source.uri = uri.c_str();
    source.store = store;
    source.key = "a";
    iolink_view *view = nullptr;
    iolinkrs::check(iolink_registry_open_source, registry.raw(), &source, nullptr, &view);
    return iolinkrs::adopt<V>(view);
}

static void images(const iolinkrs::Registry &registry) {
    const auto image = opened<ImageView>(registry, "image");
    claim("an image", image->read<uint16_t>({{1, 1, 1}, {2, 1, 1}}) == std::vector<uint16_t>({17, 18}));
    image->prefetch({{{0, 0, 0}, {1, 1, 1}}, {{1, 0, 0}, {1, 1, 1}}});
    const iolink_image_properties known = image->properties();
    claim("its properties", known.spacing[1] == 0.5 && std::string(known.units[1]) == "mm" && known.scale_intercept == -1);
    const Metadata tree = image->metadata();
    claim("its metadata: a string", tree.at("/KINDS/text").text() == "abc");
    const MetadataValue &matrix = tree.at("/KINDS/matrix");
    claim("a matrix", matrix.shape() == iolinkrs::VectorXu64({2, 3}) && matrix.values<double>()[5] == 6);
    claim("a list of strings", tree.at("/KINDS/names").strings() == std::vector<std::string>({"dapi", "", "fitc"}));
    rejects<iolinkrs::Error>("another type", IOLINK_ERROR_TYPE, "type", [&] { matrix.values<float>(); });
    rejects<iolinkrs::NotFoundError>("a node that is not there", IOLINK_ERROR_NOT_FOUND, "/none", [&] { tree.at("/none"); });
}

/// A level is the plugin's own view: nothing stands before it.
static void channels(const iolinkrs::Registry &registry) {
    const auto image = opened<LodImageView>(registry, "pyramid")->resolution(0);
    const auto known = image->channels();
    claim("its channels", known.size() == 2 && known[0].name == "dapi" && known[0].color[2] == 255 &&
                              known[0].excitationNm == 358 && known[1].name == "fitc" && known[1].emissionNm == 0);
    claim("its uneven axis", image->coordinates(2) == std::vector<double>({405, 488}));
    rejects<iolinkrs::NotFoundError>("an even axis", IOLINK_ERROR_NOT_FOUND, "", [&] { image->coordinates(0); });
    rejects<iolinkrs::NotImplementedError>("other channels", IOLINK_ERROR_NOT_IMPLEMENTED, "", [&] { image->setChannels({}); });
}

static void sets(const iolinkrs::Registry &registry) {
    const auto set = opened<MultiImageView>(registry, "multi-image");
    claim("a set with names", set->frameCount() == 3 && set->frameName(0) == "A/1/0" && set->frameName(2).empty());
    claim("metadata of a set", set->metadata().at("/KINDS/set").text() == "plate");
    const auto pyramid = set->frame<LodImageView>(1);
    claim("a frame that is a pyramid", pyramid->levelRange() == std::pair<int64_t, int64_t>(0, 1));
    claim("metadata of a pyramid", pyramid->metadata().at("/KINDS/pyramid").text() == "slide");
    claim("a level", pyramid->resolution(1)->shape() == iolinkrs::VectorXu64({4, 3, 2}));
    rejects<iolinkrs::Error>("a pyramid as an image", IOLINK_ERROR_TYPE, "kind", [&] { set->frame(1); });
    rejects<iolinkrs::Error>("a frame that is not there", IOLINK_ERROR_OUT_OF_RANGE, "", [&] { set->frame(3); });

    const auto own = registry.multiImage(), inner = registry.multiImage();
    own->addFrame(registry.allocate({2}, IOLINK_TYPE_UINT8), "first");
    own->addFrame(pyramid, "A/2/0");
    own->insertFrame(0, inner);
    claim("a set of our own takes images, pyramids and sets", own->frameCount() == 3 && own->frameName(0).empty() &&
                                                                  own->frameName(1) == "first" && own->frameName(2) == "A/2/0");
    claim("a thread-safe frame of a plugin comes back as itself", own->frame<LodImageView>(2)->raw() == pyramid->raw());
    own->frame<MultiImageView>(0)->addFrame(pyramid);
    claim("a set in a set is the same one", inner->frameCount() == 1);
    own->setFrame(1, pyramid);
    claim("a replaced frame keeps its name", own->frameName(1) == "first" && own->frame<iolinkrs::View>(1)->kind() == IOLINK_KIND_LOD_IMAGE);
    own->removeFrame(0);
    claim("a removed one is gone", own->frameCount() == 2);
    rejects<iolinkrs::Error>("a stream as a frame", IOLINK_ERROR_TYPE, "", [&] { own->addFrame(registry.stream()); });
    claim("without metadata a tree is empty", own->metadata().empty());
}

static void metadata(const iolinkrs::Registry &registry) {
    const auto image = registry.allocate({4, 3}, IOLINK_TYPE_FLOAT);
    claim("an image without metadata", image->metadata().empty() && image->channels().empty());
    Metadata tree;
    tree.set("/scan/patient", "P. Example");
    tree.set("/scan/age", int32_t(41));
    tree.set("/scan/done", true);
    tree.set("/scan/dose", 0.25);
    tree.set("/scan/names", std::vector<std::string>{"a", "", "cd"});
    tree.set("/scan/matrix", MetadataValue(std::vector<float>{1, 2, 3, 4, 5, 6}, {3, 2}));
    tree.set("/scan/list", MetadataValue(std::vector<int64_t>{7, 8}));
    tree.set("/scan/none", MetadataValue());
    image->setMetadata(tree);
    const Metadata back = image->metadata();
    claim("metadata comes back", back.at("/scan/patient").text() == "P. Example" && back.at("/scan/age").value<int32_t>() == 41);
    claim("booleans and numbers", back.at("/scan/done").dataType() == IOLINK_TYPE_BOOL && back.at("/scan/dose").value<double>() == 0.25);
    claim("lists", back.at("/scan/names").strings().size() == 3 && back.at("/scan/list").values<int64_t>()[1] == 8);
    claim("matrices", back.at("/scan/matrix").shape() == iolinkrs::VectorXu64({3, 2}) && back.at("/scan/matrix").values<float>()[4] == 5);
    claim("nodes without a value", back.at("/scan/none").count() == 0 && back.find("/scan")->count() == 0);
    rejects<iolinkrs::Error>("a shape of another count", IOLINK_ERROR_INVALID_ARGUMENT, "shape",
                             [] { MetadataValue(std::vector<float>{1, 2}, {3}); });
    Metadata wrong;
    wrong.set("no slash", 1.0);
    const auto refused = [&](auto body) {
        try {
            body();
        } catch (const iolinkrs::Error &) {
            return image->metadata().at("/scan/age").value<int32_t>() == 41;
        }
        return image->metadata().find("/scan/age") == nullptr;
    };
    claim("a tree is taken whole or not at all", refused([&] { image->setMetadata(wrong); }));
    image->setMetadata({});
    claim("an empty tree removes all", image->metadata().find("/scan/age") == nullptr);
}

static void others(const iolinkrs::Registry &registry) {
    const auto frame = opened<iolinkrs::DataFrameView>(registry, "frame");
    claim("a frame by partitions", frame->partitions() == iolinkrs::VectorXu64({3, 6, 7}));
    claim("its values", frame->read<int64_t>(0, 5, 2) == std::vector<int64_t>({50, 60}));
    const auto own = registry.frame({{"n", "l"}}, 5);
    claim("a frame of our own is one partition", own->partitions().back() == 5);
    auto some = own->exportRows({{0}, 1, 3, 0});
    iolinkrs::Arrow<ArrowArray> batch;
    claim("a request chooses rows", some->get_next(some.get(), batch.get()) == 0 && batch->length == 3);
    iolinkrs::Arrow<ArrowArrayStream> rows;
    iolinkrs::check(iolink_frame_export, own->raw(), nullptr, nullptr, rows.get());
    iolinkrs::Arrow<ArrowArray> all;
    claim("without a request it is all rows", rows->get_next(rows.get(), all.get()) == 0 && all->length == 5);

    const auto bytes = opened<iolinkrs::RandomAccess>(registry, "bytes");
    bytes->resize(11);
    bytes->write(9, "xy", 2);
    bytes->flush();
    char part[2];
    claim("random access", bytes->size() == 11 && bytes->read(9, part, 2) == 2 && part[1] == 'y');
    const auto stream = opened<iolinkrs::StreamAccess>(registry, "stream");
    stream->write("hello", 5);
    stream->close();
    rejects<iolinkrs::Error>("a closed stream", IOLINK_ERROR_CLOSED, "", [&] { stream->read(part, 2); });

    const auto store = opened<iolinkrs::DataStorage>(registry, "store");
    claim("a store", store->get("b").text() == "twelve bytes" && store->list("", true).size() == 2);
    claim("a part of a value", store->get("b", iolinkrs::StoreRange::last(5)).text() == "bytes");
    store->put("c", "3");
    rejects<iolinkrs::ExistsError>("a put over a value", IOLINK_ERROR_EXISTS, "c", [&] { store->put("c", "4", {true, ""}); });
    rejects<iolinkrs::ChangedError>("a put of another version", IOLINK_ERROR_CHANGED, "c", [&] { store->put("c", "4", {false, "9"}); });
    store->put("c", "4", {false, "1"});
    claim("a put of this version", store->get("c").text() == "4");
    const auto memory = registry.storage();
    memory->put("a", "1");
    memory->put("b", "beside");
    claim("a provider reads beside its source", opened<iolinkrs::RandomAccess>(registry, "sibling", memory->raw())->size() == 6);
}

int main(int, char **arguments) {
    iolinkrs::Registry registry;
    registry.load(arguments[1]);
    registry.setProviderPriority({"test.kinds"});
    claim("how an image becomes one in memory",
          registry.explainView<ImageView>(registry.allocate({2}, IOLINK_TYPE_UINT8), IOLINK_IMAGE_MEMORY_ACCESS).find("the view itself") !=
              std::string::npos);
    images(registry);
    channels(registry);
    sets(registry);
    metadata(registry);
    others(registry);
    std::vector<double> grid = {1, 2, 3, 4, 5, 6};
    const auto turned = registry.wrap(grid.data(), {2, 3}, {3 * sizeof(double), sizeof(double)}, nullptr);
    claim("samples with strides", turned->read<double>() == std::vector<double>({1, 4, 2, 5, 3, 6}));
    rejects<iolinkrs::Error>("strides for other axes", IOLINK_ERROR_INVALID_ARGUMENT, "stride",
                             [&] { registry.wrap(grid.data(), {2, 3}, std::vector<int64_t>{8}, nullptr); });
    return failures;
}

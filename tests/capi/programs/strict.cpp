// Values are read as what they are, and what cannot be is refused by name: types, properties, options, addresses.
#include <cstdio>
#include <fstream>
#include <iolink.hpp>

using iolinkrs::Error;
using iolinkrs::ImageView;

static int failed = 0;

static void check(bool holds, const std::string &what) {
    std::printf("%s %s\n", holds ? "[ok]" : "NOT SO:", what.c_str());
    failed += !holds;
}

/// The error of a call, or one of kind 0.
template <class Call>
static Error refusal(Call call) {
    try {
        call();
    } catch (const Error &error) {
        return error;
    }
    return Error(0, "nothing was refused");
}

template <class Call>
static void refused(Call call, int32_t kind, const std::string &words, const std::string &what) {
    const Error error = refusal(call);
    const bool holds = error.kind() == kind && std::string(error.what()).find(words) != std::string::npos;
    check(holds, what + ": " + error.what());
}

template <class T>
static bool reads(const ImageView &image) {
    return refusal([&] { image.read<T>(); }).kind() == 0 && refusal([&] { image.buffer().at<T>({0, 0}); }).kind() == 0 &&
           refusal([&] { image.buffer().span<T>(); }).kind() == 0;
}

template <class T>
static bool refuses(const ImageView &image) {
    return refusal([&] { image.read<T>(); }).kind() == IOLINK_ERROR_TYPE &&
           refusal([&] { image.read<T>({{0, 0}, {1, 1}}); }).kind() == IOLINK_ERROR_TYPE &&
           refusal([&] { image.buffer().at<T>({0, 0}); }).kind() == IOLINK_ERROR_TYPE &&
           refusal([&] { image.buffer().at<const T>({0, 0}); }).kind() == IOLINK_ERROR_TYPE &&
           refusal([&] { image.buffer().span<T>(); }).kind() == IOLINK_ERROR_TYPE;
}

enum class Colour : uint8_t { red };
struct Pixel {
    uint8_t red, green, blue;
};

static void types(const iolinkrs::Registry &registry) {
    const auto of = [&](uint64_t type) { return registry.allocate({4, 3}, type); };
    const auto real = of(IOLINK_TYPE_FLOAT), bits = of(IOLINK_TYPE_UINT32), half = of(IOLINK_TYPE_FLOAT16);
    check(reads<float>(*real) && refuses<uint32_t>(*real) && refuses<int32_t>(*real), "FLOAT is float");
    check(reads<uint32_t>(*bits) && refuses<int32_t>(*bits) && refuses<float>(*bits), "UINT32 is uint32_t");
    check(refuses<int16_t>(*half) && refuses<uint16_t>(*half), "FLOAT16 is no integer");
    check(refuses<uint64_t>(*of(IOLINK_TYPE_DOUBLE)) && reads<double>(*of(IOLINK_TYPE_DOUBLE)), "DOUBLE is double");
    check(refuses<int8_t>(*of(IOLINK_TYPE_UINT8)) && reads<Colour>(*of(IOLINK_TYPE_UINT8)), "an enumeration is its integer");
    check(reads<uint16_t>(*of(IOLINK_TYPE_LABEL16)) && refuses<int16_t>(*of(IOLINK_TYPE_LABEL16)), "a label is unsigned");
    check(reads<std::complex<float>>(*of(IOLINK_TYPE_COMPLEX_FLOAT)) && refuses<double>(*of(IOLINK_TYPE_COMPLEX_FLOAT)) &&
              refuses<std::complex<float>>(*of(IOLINK_TYPE_DOUBLE)),
          "complex numbers are complex");
    check(reads<Pixel>(*of(IOLINK_TYPE_VEC3_UINT8)) && reads<std::array<uint8_t, 3>>(*of(IOLINK_TYPE_VEC3_UINT8)) &&
              refuses<uint32_t>(*of(IOLINK_TYPE_VEC4_UINT8)) && refuses<std::array<uint8_t, 4>>(*bits),
          "vectors are arrays or classes of the program's own");
}

static void blocks(const iolinkrs::Registry &registry) {
    const auto image = registry.open<ImageView>("wrong://good");
    uint32_t samples[12];
    const iolink_region all = iolinkrs::RegionXu64::createFullRegion({4, 3}).raw();
    IOLINK_SIZED(iolink_block, block);
    IOLINK_SIZED(iolink_error, error);
    block.dimension_count = 2;
    block.data_type = IOLINK_TYPE_UINT32;
    block.data = samples;
    block.byte_strides[0] = 4, block.byte_strides[1] = 16;
    const int32_t other = iolink_image_read_region(image->raw(), &all, &block, nullptr, &error);
    check(other == IOLINK_ERROR_TYPE, std::string("a block of another type: ") + error.message);
    block.data_type = IOLINK_TYPE_FLOAT;
    check(iolink_image_read_region(image->raw(), &all, &block, nullptr, &error) == IOLINK_OK, "a block of the type");
}

static void properties(const iolinkrs::Registry &registry) {
    const auto opened = [&](const char *word, const char *words) {
        const Error error = refusal([&] { registry.open<ImageView>(std::string("wrong://") + word); });
        const bool named = error.provider() == "org.test.wrong" && error.kind() == IOLINK_ERROR_INTERNAL;
        check(named && std::string(error.what()).find(words) != std::string::npos, error.what());
    };
    opened("twice", "the axes 0 and 1 both are ROW");
    opened("order", "SLICE stands before ROW");
    opened("volume", "VOLUME names 3 axes, the image has 2");
    opened("unit", "the unit of axis 1 has no NUL");
    opened("long", "the column direction [7.0, 0.0, 0.0] has length 7");
    opened("flat", "the column direction [0.0, 0.0, 0.0] has length 0");
    opened("slope", "the value scale has slope 0");
    const iolink_image_properties zero = registry.open<ImageView>("wrong://zero")->properties();
    check(zero.spacing[0] == 1 && zero.direction[4] == 1 && zero.scale_slope == 1, "what is all zero is not given");
    const iolink_image_properties later = registry.open<ImageView>("wrong://later")->properties();
    check(later.axes_interpretation == 0 && later.image_interpretation == 0, "later interpretations are unknown");
    const auto set = registry.open<iolinkrs::MultiImageView>("wrong://set");
    check(set->frame(0)->shape() == iolinkrs::VectorXu64({4, 3}), "a frame that is as it should be");
    refused([&] { set->frame(1); }, IOLINK_ERROR_INTERNAL, "the axes 0 and 1 both are ROW", "a frame");
    const auto pyramid = registry.open<iolinkrs::LodImageView>("wrong://pyramid");
    refused([&] { pyramid->resolution(1); }, IOLINK_ERROR_INTERNAL, "the axes 0 and 1 both are ROW", "a level");

    auto samples = std::make_shared<std::vector<float>>(12);
    const auto image = registry.wrap(samples->data(), {4, 3}, samples);
    iolink_image_properties twice = image->properties();
    twice.dimension_count = 2;
    twice.axes[0] = twice.axes[1] = IOLINK_AXIS_ROW;
    const char *words = "the axes 0 and 1 both are ROW";
    refused([&] { registry.wrap(samples->data(), {4, 3}, samples, &twice); }, IOLINK_ERROR_INVALID_ARGUMENT, words, "wrap");
    refused([&] { registry.allocate({4, 3}, IOLINK_TYPE_FLOAT, &twice); }, IOLINK_ERROR_INVALID_ARGUMENT, words, "allocate");
    refused([&] { image->setProperties(twice); }, IOLINK_ERROR_INVALID_ARGUMENT, words, "setProperties");
    check(samples.use_count() == 2, "what was refused is let go");
}

static void options(const iolinkrs::Registry &registry) {
    IOLINK_SIZED(iolink_source, source);
    IOLINK_SIZED(iolink_error, error);
    iolink_option option = {"provder", "x"};
    iolink_view *view = nullptr;
    source.uri = "wrong://good";
    source.options = &option;
    source.option_count = 1;
    const int32_t status = iolink_registry_open_source(registry.raw(), &source, nullptr, &view, &error);
    const std::string said = error.message;
    check(status == IOLINK_ERROR_INVALID_ARGUMENT && said == "org.test.wrong has no option provder; it takes none", said);
    option.value = nullptr;
    const int32_t without = iolink_registry_open_source(registry.raw(), &source, nullptr, &view, &error);
    check(without == IOLINK_ERROR_INVALID_ARGUMENT && said != error.message, error.message);
}

int main(int, char **arguments) {
    iolinkrs::Registry registry;
    registry.load(arguments[1]);
    types(registry);
    blocks(registry);
    properties(registry);
    options(registry);
    uint64_t junk[3] = {1, 2, 3};
    refused([&] { iolinkrs::adopt((iolink_view *) junk); }, IOLINK_ERROR_INVALID_ARGUMENT, "no live view", "junk");
    refused([&] { iolinkrs::adopt(nullptr); }, IOLINK_ERROR_INVALID_ARGUMENT, "no live view", "NULL");
    return failed;
}

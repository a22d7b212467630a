/*
 * The bridge, tried on a class that looks like those of the library it is for: both ways, and through libiolinkrs,
 * which takes the view for any other.
 */
#include "bridge.hpp"

#include <cstdio>
#include <cstdlib>
#include <iolink.hpp>

namespace mock {

using VectorXu64 = std::vector<uint64_t>;
struct RegionXu64 {
    VectorXu64 origin, size;
};
struct Indexer {
    VectorXu64 shape;
    size_t byteStride(size_t axis) const {
        size_t step = sizeof(float);
        while (axis-- > 0) step *= shape[axis];
        return step;
    }
};

/// What a program has of the other library: an interface, and pointers to it.
struct ImageView {
    virtual ~ImageView() = default;
    virtual VectorXu64 shape() const = 0;
    virtual void read(const VectorXu64 &index, void *to) const = 0;
    virtual void readRegion(const RegionXu64 &region, void *to) const = 0;
    virtual Indexer indexer() const = 0;
    virtual void *buffer() = 0;
};

/// An image of theirs.
struct Memory : ImageView {
    VectorXu64 sizes{5, 4};
    std::vector<float> samples = std::vector<float>(20);
    Memory() {
        for (size_t at = 0; at < samples.size(); at++) samples[at] = static_cast<float>(at);
    }
    VectorXu64 shape() const override { return sizes; }
    void read(const VectorXu64 &index, void *to) const override { readRegion({index, {1, 1}}, to); }
    void readRegion(const RegionXu64 &region, void *to) const override {
        if (region.origin[0] + region.size[0] > 5 || region.origin[1] + region.size[1] > 4)
            throw std::out_of_range("outside");
        float *next = static_cast<float *>(to);
        for (uint64_t y = 0; y < region.size[1]; y++)
            for (uint64_t x = 0; x < region.size[0]; x++)
                *next++ = samples[static_cast<size_t>((region.origin[1] + y) * 5 + region.origin[0] + x)];
    }
    Indexer indexer() const override { return {sizes}; }
    void *buffer() override { return samples.data(); }
};

/// An image of ours as one of theirs.
struct Ours : ImageView {
    bridge::Foreign image;
    explicit Ours(iolink_view *view) : image(view) {}
    VectorXu64 shape() const override { return image.shape(); }
    void read(const VectorXu64 &index, void *to) const override { image.read(index, to); }
    void readRegion(const RegionXu64 &region, void *to) const override {
        image.readRegion(region.origin, region.size, to);
    }
    Indexer indexer() const override { throw std::runtime_error("not in memory"); }
    void *buffer() override { throw std::runtime_error("not in memory"); }
};

} // namespace mock

/// What the other library calls things.
struct Theirs {
    using Image = mock::ImageView;
    static constexpr bool THREAD_SAFE = true; // every function of the class may be called from several threads at once
    static bridge::Index shape(const Image &image) { return image.shape(); }
    static uint64_t type(const Image &) { return IOLINK_TYPE_FLOAT; }
    static void readRegion(const Image &image, const bridge::Index &origin, const bridge::Index &size, void *to) {
        image.readRegion({origin, size}, to);
    }
    static int64_t byteStride(const Image &image, size_t axis) {
        return static_cast<int64_t>(image.indexer().byteStride(axis));
    }
    static void *buffer(Image &image) { return image.buffer(); }
};

static int failures = 0;

static void claim(const char *words, bool holds) {
    std::printf("[%s] %s\n", holds ? "ok" : "NOT SO", words);
    if (!holds) failures++;
}

int main() {
    const auto theirs = std::make_shared<mock::Memory>();
    std::weak_ptr<mock::Memory> watched = theirs;
    auto view = iolinkrs::adopt<iolinkrs::ImageView>(bridge::Wrapped<Theirs>::wrap(theirs));
    claim("their image has its shape in C", view->shape() == iolinkrs::VectorXu64({5, 4}));
    claim("and its samples", view->read<float>({{1, 1}, {2, 2}}) == std::vector<float>({6, 7, 11, 12}));
    view->buffer().at<float>({4, 3}) = 99;
    claim("and its memory, shared", theirs->samples[19] == 99);

    const auto set = iolinkrs::Registry().multiImage(); // the host takes the view for any other
    set->addFrame(view);
    const auto back = std::make_unique<mock::Ours>(set->frame(0)->raw());
    float one = 0, four[4];
    back->read({4, 3}, &one);
    back->readRegion({{3, 0}, {2, 2}}, four);
    claim("a view comes back as one of their images", back->shape() == mock::VectorXu64({5, 4}) && one == 99);
    claim("or as the very object that went in",
          std::dynamic_pointer_cast<mock::Memory>(bridge::Wrapped<Theirs>::find(set->frame(0)->raw())) == theirs);
    claim("and reads regions", four[0] == 3 && four[1] == 4 && four[2] == 8 && four[3] == 9);

    bool refused = false;
    try {
        view->read<float>({{4, 3}, {2, 2}});
    } catch (const iolinkrs::Error &error) {
        refused = std::string(error.what()) == "outside";
    }
    claim("their exceptions come as errors", refused);
    view.reset();
    set->removeFrame(0);
    claim("the view outlives the set it came from", back->shape().size() == 2 && watched.use_count() > 1);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

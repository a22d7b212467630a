// An image is created in a file, written by regions and finished; a view is saved with options: created FOLDER PLUGIN.
#include "claims.hpp"

#include <cstdio>
#include <fstream>
#include <iolink.hpp>
#include <sstream>

static std::string content(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

static void created(const iolinkrs::Registry &registry, const std::string &folder) {
    const std::string path = folder + "/a.plain";
    auto image = registry.create(path, {4, 3}, IOLINK_TYPE_UINT8);
    claim("a created image starts at zero", image->read<uint8_t>() == std::vector<uint8_t>(12));
    const std::vector<uint8_t> part = {1, 2, 3, 4};
    image->writeRegion({{1, 1}, {2, 2}}, part.data());
    image->flush();
    claim("it is marked as unfinished", content(path).at(0) == 'U' && content(path).size() == 17 + 12);
    image->commit();
    claim("and is complete after commit", content(path).at(0) == 'C' && content(path).substr(17 + 5, 2) == "\1\2");
    rejects<iolinkrs::Error>("a write after it", IOLINK_ERROR_CLOSED, "finished",
                             [&] { image->writeRegion({{1, 1}, {2, 2}}, part.data()); });
    rejects<iolinkrs::Error>("a second commit", IOLINK_ERROR_CLOSED, "finished", [&] { image->commit(); });
    rejects<iolinkrs::Error>("an abort after it", IOLINK_ERROR_CLOSED, "finished", [&] { image->abort(); });
    image.reset();
    claim("the file stays", content(path).at(0) == 'C');

    rejects<iolinkrs::ExistsError>("a file that exists", IOLINK_ERROR_EXISTS, "exists",
                                   [&] { registry.create(path, {1, 1}, IOLINK_TYPE_UINT8); });
    iolinkrs::CreateOptions options;
    options.overwrite = true;
    image = registry.create(path, {2, 1}, IOLINK_TYPE_UINT8, options);
    claim("is replaced if that is wanted", content(path).size() == 17 + 2);
    image->abort();
    claim("and an aborted image is removed", content(path).empty());
    options.format = "plain";
    image = registry.create("file://" + folder + "/b.other", {2, 1}, IOLINK_TYPE_UINT8, options);
    claim("the format may be named", content(folder + "/b.other").size() == 17 + 2);
    image.reset();
    claim("the last reference aborts", content(folder + "/b.other").empty());
    options.tileShape = {1, 1, 1};
    rejects<iolinkrs::Error>("tiles of other axes", IOLINK_ERROR_INVALID_ARGUMENT, "axes",
                             [&] { registry.create(path, {2, 1}, IOLINK_TYPE_UINT8, options); });
    rejects<iolinkrs::Error>("a format that nothing creates", IOLINK_ERROR_UNSUPPORTED, "PLAIN",
                             [&] { registry.create(folder + "/c.nonsense", {2, 1}, IOLINK_TYPE_UINT8); });
    const auto in_memory = registry.allocate({2, 1}, IOLINK_TYPE_UINT8);
    in_memory->flush();
    rejects<iolinkrs::NotImplementedError>("a commit of an image in memory", IOLINK_ERROR_NOT_IMPLEMENTED,
                                           "nothing to finish", [&] { in_memory->commit(); });
    IOLINK_SIZED(iolink_error, error);
    claim("an action is one of two",
          iolink_image_finish(in_memory->raw(), 3, nullptr, &error) == IOLINK_ERROR_INVALID_ARGUMENT);
}

static void saved(const iolinkrs::Registry &registry, const std::string &folder) {
    const auto image = registry.allocate({4, 3, 2}, IOLINK_TYPE_UINT8);
    const std::string path = folder + "/saved";
    iolinkrs::SaveOptions options;
    options.format = "PLAIN";
    options.options = {{"level", "7"}};
    registry.save(image, path, options);
    claim("a view is saved with an option", content(path) == "3 axes, level 7");
    options.options = {{"levle", "7"}};
    options.overwrite = true;
    rejects<iolinkrs::Error>("an option that is not there", IOLINK_ERROR_INVALID_ARGUMENT, "levle",
                             [&] { registry.save(image, path, options); });
    options.options = {};
    options.provider = "org.test.nothing";
    rejects<iolinkrs::Error>("a provider that is not there", IOLINK_ERROR_UNSUPPORTED, "org.test.nothing",
                             [&] { registry.save(image, path, options); });
    claim("the file is as before", content(path) == "3 axes, level 7");
    options.provider = "org.test.plain";
    registry.save(image, path, options);
    claim("a file is replaced", content(path) == "3 axes, level none");
    registry.save(image, folder + "/by_ending.plain");
    claim("an ending names the format", content(folder + "/by_ending.plain") == "3 axes, level none");
}

int main(int, char **arguments) {
    iolinkrs::Registry registry;
    registry.load(arguments[2]);
    created(registry, arguments[1]);
    saved(registry, arguments[1]);
    return failures;
}

// Stores in C++: the files of a folder, and values in memory: stores FOLDER.
#include "claims.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>

using iolinkrs::DataStorage;
using iolinkrs::StoreRange;
using Storage = std::shared_ptr<DataStorage>;

static std::vector<std::string> keys(const std::vector<iolinkrs::StoreEntry> &entries) {
    std::vector<std::string> found;
    for (const auto &entry : entries) found.push_back(entry.key);
    return found;
}

static void values(const std::string &name, const Storage &store) {
    store->put("a/b", "0123456789");
    store->put("a/c/d", std::string("\0\1", 2));
    store->put("e", "");
    claim(name + ": a value comes back", store->get("a/b").text() == "0123456789");
    claim(name + ": with zeros in it", store->get("a/c/d").text() == std::string("\0\1", 2));
    claim(name + ": an empty one too", store->get("e").size() == 0);
    claim(name + ": a part", store->get("a/b", StoreRange::from(3, 4)).text() == "3456");
    claim(name + ": a part over the end", store->get("a/b", StoreRange::from(8, 4)).text() == "89");
    claim(name + ": the last bytes", store->get("a/b", StoreRange::last(2)).text() == "89");
    rejects<iolinkrs::NotFoundError>(name + ": a missing key", IOLINK_ERROR_NOT_FOUND, "nothing", [&] { store->get("nothing"); });

    const iolinkrs::StoreEntry entry = store->stat("a/b");
    claim(name + ": an entry has a size", entry.key == "a/b" && entry.size == 10 && !entry.isPrefix);
    claim(name + ": a version that stays", !entry.version.empty() && store->stat("a/b").version == entry.version);
    store->put("a/b", "abcdefghijk");
    claim(name + ": and changes with the value", store->stat("a/b").version != entry.version);
    claim(name + ": contains", store->contains("e") && !store->contains("nothing"));

    using Keys = std::vector<std::string>;
    claim(name + ": the first level", keys(store->list()) == Keys({"a/", "e"}) && store->list()[0].isPrefix);
    claim(name + ": every key", keys(store->list("", true)) == Keys({"a/b", "a/c/d", "e"}));
    claim(name + ": below a prefix", keys(store->list("a/")) == Keys({"a/b", "a/c/"}));
    Keys seen;
    const auto first = [&](iolinkrs::StoreEntry one) { return seen.push_back(one.key), false; };
    store->list("", "a/b", true, first);
    claim(name + ": behind a key, as far as wanted", seen == Keys({"a/c/d"}));
    bool caught = false;
    try {
        store->list("", "", true, [](iolinkrs::StoreEntry) -> bool { throw std::out_of_range("mine"); });
    } catch (const std::out_of_range &error) {
        caught = std::string(error.what()) == "mine";
    }
    claim(name + ": an exception of a visitor comes out", caught);

    rejects<iolinkrs::ExistsError>(name + ": a put over a value", IOLINK_ERROR_EXISTS, "e", [&] { store->put("e", "x", {true}); });
    claim(name + ": leaves it", store->get("e").size() == 0);
    store->remove("e");
    claim(name + ": a value is removed", !store->contains("e"));
    rejects<iolinkrs::NotFoundError>(name + ": a second removal", IOLINK_ERROR_NOT_FOUND, "e", [&] { store->remove("e"); });
    for (const char *key : {"", ".", "..", "../x", "a/../b", "a//b", "/a", "a/"})
        rejects<iolinkrs::Error>(name + ": the key '" + key + "'", IOLINK_ERROR_INVALID_ARGUMENT, "", [&] { store->put(key, "x"); });
    rejects<iolinkrs::Error>(name + ": a long key", IOLINK_ERROR_INVALID_ARGUMENT, "", [&] { store->stat(std::string(65536, 'k')); });
    rejects<iolinkrs::Error>(name + ": a key that is not UTF-8", IOLINK_ERROR_INVALID_ARGUMENT, "", [&] { store->stat("\xff"); });
}

static void streams(const std::string &name, const Storage &store) {
    auto stream = store->create("s/new");
    stream->write("12", 2);
    stream->write("345", 3);
    claim(name + ": a value is not there while it is written", !store->contains("s/new"));
    stream->close();
    claim(name + ": and whole when it is closed", store->get("s/new").text() == "12345");
    rejects<iolinkrs::ExistsError>(name + ": a stream over a value", IOLINK_ERROR_EXISTS, "", [&] {
        const auto over = store->create("s/new");
        over->write("x", 1);
        over->close();
    });
    stream = store->create("s/new", true);
    stream->write("x", 1);
    stream.reset();
    claim(name + ": without close nothing is replaced", store->get("s/new").text() == "12345");
    const auto bytes = store->open("s/new");
    char part[3] = {0};
    claim(name + ": random access", bytes->size() == 5 && bytes->read(1, part, 3) == 3 && std::string(part, 3) == "234");
    store->open("s/new", true)->write(0, "ab", 2);
    claim(name + ": an update in place", store->get("s/new").text() == "ab345");
}

static void many(const std::string &name, const Storage &store) {
    std::vector<iolinkrs::StoreGet> gets(100000);
    for (size_t index = 0; index < gets.size(); index++) gets[index].key = index % 2 == 0 ? "s/new" : "missing/" + std::to_string(index);
    std::atomic<size_t> completed{0};
    store->getMany(gets, {}, [&](size_t) { completed++; });
    size_t found = 0, missing = 0;
    for (const auto &get : gets) {
        found += get.status == IOLINK_OK && get.bytes.text() == "ab345" && get.valueSize == 5;
        missing += get.status == IOLINK_ERROR_NOT_FOUND;
    }
    claim(name + ": 100000 values, half of them missing", found == 50000 && missing == 50000);
    claim(name + ": each completed once", completed == gets.size());
    gets.resize(3);
    bool caught = false;
    try {
        store->getMany(gets, {}, [](size_t) { throw std::runtime_error("mine"); });
    } catch (const std::runtime_error &error) {
        caught = std::string(error.what()) == "mine";
    }
    claim(name + ": an exception of completed comes out", caught && gets[0].status == IOLINK_OK);
}

int main(int, char **arguments) {
    const std::string folder = arguments[1];
    const iolinkrs::Registry registry;
    const Storage memory = registry.storage(), files = iolinkrs::openFolder(folder, true);
    for (const auto &[name, store] : {std::make_pair("memory", memory), std::make_pair("folder", files)}) {
        values(name, store);
        streams(name, store);
        many(name, store);
    }
    claim("the files are there", std::ifstream(folder + "/a/b").good());
    std::filesystem::create_symlink("/etc/passwd", folder + "/out");
    rejects<iolinkrs::Error>("a link out of the folder", IOLINK_ERROR_INVALID_ARGUMENT, "out", [&] { files->get("out"); });
    std::filesystem::remove(folder + "/out");
    const Storage readable = iolinkrs::openFolder(folder);
    rejects<iolinkrs::NotImplementedError>("a write to a folder for reading", IOLINK_ERROR_NOT_IMPLEMENTED, "writing x",
                                           [&] { readable->put("x", "y"); });
    claim("its capabilities say so", !readable->support(IOLINK_STORE_WRITE) && files->support(IOLINK_STORE_WRITE));

    memory->put("t/cells.none", "cell,area\n");
    rejects<iolinkrs::Error>("a value of a store that no provider opens", IOLINK_ERROR_UNSUPPORTED, "",
                             [&] { registry.open(memory, "t/cells.none"); });
    rejects<iolinkrs::NotFoundError>("a key without a value", IOLINK_ERROR_NOT_FOUND, "", [&] { registry.open(memory, "t/none"); });
    return failures;
}

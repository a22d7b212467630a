// A frame is written into a file and read back by both languages; a refusal leaves what was there.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iolink.hpp>
#include <sstream>

static int failed = 0;

static void check(bool holds, const char *what) {
    std::printf("%s %s\n", holds ? "[ok]" : "NOT SO:", what);
    failed += !holds;
}

static std::string content(const std::string &path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

int main(int, char **arguments) {
    const std::string folder = arguments[1];
    iolinkrs::Registry registry;
    registry.addDirectory(arguments[2]);

    std::ofstream(folder + "/in.csv") << "id,weight\n1,0.5\n2,1.25\n";
    const auto frame = registry.open<iolinkrs::DataFrameView>(folder + "/in.csv");
    registry.save(frame, folder + "/out.parquet");
    const auto again = registry.open<iolinkrs::DataFrameView>(folder + "/out.parquet");
    check(again->shape() == frame->shape() && again->columnName(1) == "weight", "the shape and the names come back");
    check(again->read<double>(1, 0, 2) == std::vector<double>{0.5, 1.25}, "the values come back");

    const std::string before = content(folder + "/out.parquet");
    std::string said;
    try {
        registry.save(frame, folder + "/out.nonsense");
    } catch (const iolinkrs::Error &error) {
        said = error.what();
    }
    check(said.find("csv") != std::string::npos, "a format that nobody writes is refused with those that are written");
    check(!std::ifstream(folder + "/out.nonsense").good(), "and nothing is made");

    IOLINK_SIZED(iolink_target, target);
    const std::string path = folder + "/out.parquet", uri = "file://" + path;
    target.uri = uri.c_str();
    target.flags = IOLINK_TARGET_OVERWRITE;
    target.format = "no-such-format";
    IOLINK_SIZED(iolink_error, error);
    const int32_t refused = iolink_registry_save_to(registry.raw(), frame->raw(), &target, nullptr, nullptr, &error);
    check(refused == IOLINK_ERROR_UNSUPPORTED && content(path) == before, "what was there stays when it cannot be written");
    target.format = "csv";
    const int32_t other = iolink_registry_save_to(registry.raw(), frame->raw(), &target, "org.example.nobody", nullptr, &error);
    check(other != IOLINK_OK && std::strstr(error.message, "org.example.nobody") != nullptr, "a provider that is not there is named");
    check(iolink_registry_save_to(registry.raw(), frame->raw(), &target, nullptr, nullptr, &error) == IOLINK_OK, "the format is the caller's");
    check(content(path) == content(folder + "/in.csv"), "whatever the name ends with");
    return failed;
}

// What the programs claim, and what is rejected.
#ifndef CLAIMS_HPP
#define CLAIMS_HPP

#include <cstdio>
#include <iolink.hpp>

static int failures = 0;

inline void claim(const std::string &words, bool holds) {
    std::printf("[%s] %s\n", holds ? "ok" : "NOT SO", words.c_str());
    if (!holds) failures++;
}

/// Claims that `body` throws this class with this kind and these words.
template <class Thrown, class Body>
void rejects(const std::string &what, int32_t kind, const std::string &words, Body body) {
    std::string said = "nothing was thrown";
    bool holds = false;
    try {
        body();
    } catch (const Thrown &error) {
        said = error.what();
        holds = error.kind() == kind && said.find(words) != std::string::npos;
    } catch (const std::exception &error) {
        said = std::string("another class: ") + error.what();
    }
    claim(what + " is rejected: " + said, holds);
}

#endif

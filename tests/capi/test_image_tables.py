"""Space, place, channels and coordinates of images, from C and C++."""

from __future__ import annotations

from kit import HERE, SANITIZE, Build, run, sanitized


def test_images_have_a_space_channels_and_coordinates(build: Build) -> None:
    program = HERE / "programs" / "image_tables.cpp"
    for said in (run(build(program)), sanitized(build(program, *SANITIZE))):
        assert said.count("[ok]") >= 22 and "NOT SO" not in said, said

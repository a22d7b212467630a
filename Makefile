# Thin: every target sets up all it needs. cargo builds (the same two commands as setup.py), pytest and cargo test check.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

PYTHON ?= python3
CARGO ?= cargo
BIN := .venv/bin
NIFTI := --manifest-path examples/nifti-plugin/Cargo.toml
RUST_HOST := --manifest-path examples/rust-host/Cargo.toml
export CARGO
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test test-full lint bench refreeze build ready install venv system clean

help:
	@echo "make demo      build everything, then open real data through every kind of provider"
	echo "make test      every check: Rust, Python, the plugins near and far, the frozen border"
	echo "make lint      formatting, clippy, ruff, mypy"
	echo "make bench     figures, each as a ratio against a named peer"
	echo "make refreeze  write the border's header and its frozen copy anew (before the tag abi-v1 only)"
	echo "make build     the libraries, without installing them"
	echo "make install PREFIX=/usr/local   libiolinkrs for C and C++: library, headers, plugins, pkg-config, CMake"

venv: .venv/ready

.venv/ready: requirements/test.txt requirements/lint.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -r requirements/test.txt -r requirements/lint.txt
	touch $@

# The oldest pandas that is supported, for tests/python/test_pandas2.py.
.venv-pandas2/ready: requirements/pandas2.txt
	$(PYTHON) -m venv .venv-pandas2
	.venv-pandas2/bin/pip install --quiet -r $<
	touch $@

# What some checks need beside Rust and Python; without it they are named and not run.
system:
	@PYTHON=$(PYTHON) .ci/system

# Two commands, never one: polars built together with anything else is another polars. See setup.py.
build: system
	$(CARGO) build --release --locked
	$(CARGO) build --release --locked -p iolink-plugin-tables-so
	$(CARGO) build --release --locked $(NIFTI)

# The package in the environment that tests, demo and benches use.
ready: build venv
	$(BIN)/pip install --quiet --no-deps .

# For programs in C and C++; DESTDIR, as packagers have it, goes before PREFIX.
PREFIX ?=
install: build
	$(if $(PREFIX),,$(error say where: make install PREFIX=/usr/local))
	host/capi/install "$(DESTDIR)$(PREFIX)"

test: ready .venv-pandas2/ready
	$(CARGO) test --release --locked
	RUSTFLAGS="--cfg iolink_portable" $(CARGO) test --release --locked --target-dir target/portable -p iolink-sdk --lib copy::
	tests/valgrind.sh
	$(CARGO) test --release --locked -p iolink-plugin-tables
	$(CARGO) test --release --locked $(NIFTI)
	$(BIN)/python -m pytest tests/python tests/capi

# The loops of which `make test` runs a few hundred rounds.
test-full: ready
	IOLINK_MUTATIONS=10000 $(BIN)/python -m pytest tests/python/test_mutations.py

# polars itself is only compiled, by the command that ships it, and our crate on top of it goes through clippy.
CLIPPY_BUILD := RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS="-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__" \
	$(CARGO) build --release --locked
lint: system venv
	$(CARGO) fmt --all --check
	$(CARGO) fmt $(NIFTI) --check
	$(CARGO) fmt $(RUST_HOST) --check
	$(CARGO) clippy --release --locked --all-targets -- -D warnings
	$(CLIPPY_BUILD) -p iolink-plugin-tables
	$(CLIPPY_BUILD) -p iolink-plugin-tables-so
	$(CARGO) clippy --release --locked --all-targets $(NIFTI) -- -D warnings
	$(CARGO) clippy --release --locked --target-dir target $(RUST_HOST) -- -D warnings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(wildcard python/iolink/*.pyi)

demo: ready
	$(BIN)/python examples/demo.py

bench: ready
	$(BIN)/pip install --quiet -r requirements/bench.txt
	$(CARGO) build --release --locked -p iolink-plugin-tables --example against_polars
	for bench in $(filter-out bench/harness.py bench/peer_adapter.py,$(wildcard bench/*.py)); do
		echo "== $$bench"
		$(BIN)/python "$$bench"
	done

refreeze:
	$(CARGO) run --release --locked -p iolink-border-tests --bin refreeze

clean:
	rm -rf .venv .venv-pandas2 build dist demo-out

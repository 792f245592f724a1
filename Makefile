# ipclab: build, demo, test. `make help` lists the targets.
#
# One Makefile for everything. A new file is found by its place: autograder/{run,judge,tell,ipclab}/
# and autograder/suites/ go into ./ipclab; each autograder/probes/NAME.c becomes build/probes/NAME.
# `make CC=clang`, `make CFLAGS=-O0\ -g`: what was built otherwise is built again.

ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
PKGS   := check libseccomp libdw libelf libcjson libarchive inih expat

CPPFLAGS += -D_XOPEN_SOURCE=700 -MMD -MP
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
CFLAGS   ?= -O2 -g
KIT_CFLAGS = -std=c17 $(WARNINGS) $(CFLAGS) $(PKG_CFLAGS)
KIT_LIBS   = $(PKG_LIBS) -lpthread -lrt

B := build
KIT_SRC   := $(wildcard autograder/run/*.c autograder/judge/*.c autograder/tell/*.c autograder/suites/*.c autograder/suites/*/*.c autograder/ipclab/*.c)
KIT_OBJ   := $(KIT_SRC:%.c=$(B)/%.o) $(B)/autograder/tell/page_files.o
PROBE_SRC := $(wildcard autograder/probes/*.c)
EXP_SRC   := $(wildcard autograder/experiments/*/*.c)
EXPERIMENTS := $(EXP_SRC:autograder/experiments/%.c=$(B)/experiments/%)
EXP_SHARED  := $(patsubst %.c,$(B)/%.o,$(wildcard autograder/experiments/*.c common/*.c))
RUNTIME   := $(B)/race/runtime.o $(B)/race/wraps
PROBES    := $(PROBE_SRC:autograder/probes/%.c=$(B)/probes/%)
C_FILES   := $(wildcard $(addsuffix /*.[ch],common $(foreach d,autograder skeletons solutions,$d $d/* $d/*/* $d/*/*/* $d/*/*/*/*)))

##@ Build
all: ipclab probes experiments ## build ./ipclab (installs missing packages first)
probes: $(PROBES) $(RUNTIME)
experiments: $(EXPERIMENTS)
objects: $(KIT_OBJ) $(PROBES) $(RUNTIME) $(EXPERIMENTS)
ipclab: $(KIT_OBJ) $(B)/objects.stamp
	$(CC) $(LDFLAGS) -o $@ $(KIT_OBJ) $(KIT_LIBS)
# What the compiler says is kept beside what it makes, for gate 7.
$(B)/%.o: %.c $(B)/flags.stamp
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(KIT_CFLAGS) $(FILE_FLAGS) -c -o $@ $< 2>$(@:.o=.said); status=$$?; cat $(@:.o=.said) >&2; exit $$status
# What a page holds, copied into the program by the assembler.
$(B)/autograder/tell/page_files.o: autograder/tell/page_files.S autograder/tell/page.css autograder/tell/page.js $(B)/flags.stamp
	@mkdir -p $(@D)
	$(CC) -c -o $@ $<
$(B)/probes/%: $(B)/autograder/probes/%.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -s -o $@ $< # no lines of ours in what a learner is told

# The experiments behind the predictions: each is a program of its own.
$(EXP_SRC:%.c=$(B)/%.o) $(EXP_SHARED): FILE_FLAGS = -Icommon
$(B)/experiments/%: $(B)/autograder/experiments/%.o $(EXP_SHARED)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lpthread

# Linked into learners' programs: no lines of ours in what they are told.
$(B)/autograder/race/runtime.o: FILE_FLAGS = -O2 -g0
$(B)/race/runtime.o: $(B)/autograder/race/runtime.o
	@mkdir -p $(@D)
	cp $< $@
$(B)/race/wraps: autograder/race/wraps
	@mkdir -p $(@D)
	cp $< $@

# Where an installed ipclab finds its files: only the files that ask for it are built again when
# PREFIX changes.
PREFIX_SRC := $(if $(KIT_SRC),$(shell grep -l IPCLAB_SHARE $(KIT_SRC)))
PREFIX_OBJ := $(PREFIX_SRC:%.c=$(B)/%.o)
$(PREFIX_OBJ): FILE_FLAGS = -DIPCLAB_SHARE='"$(PREFIX)/share/ipclab"'
$(PREFIX_OBJ): $(B)/prefix.stamp

# Stamps: files that are written only when what they hold changes. KIT is there in what `ipclab kit`
# made: its files are all of the same time, and so a newer kit over an older one would seem built.
$(B)/flags.stamp:   STAMP = $(CC) $(CPPFLAGS) $(KIT_CFLAGS) $(LDFLAGS) $(if $(wildcard KIT),$(shell cat KIT))
$(B)/objects.stamp: STAMP = $(CC) $(KIT_OBJ) $(LDFLAGS) $(KIT_LIBS)
$(B)/prefix.stamp:  STAMP = $(PREFIX)
$(B)/%.stamp: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(STAMP))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(STAMP))' >$@

# What pkg-config says, asked once, after the packages are there. GNU make makes this file first and
# then starts again with it.
$(B)/packages.mk: autograder/deps.sh
	@CC='$(CC)' sh autograder/deps.sh
	@mkdir -p $(@D)
	@cflags=$$(pkg-config --cflags $(PKGS)) && libs=$$(pkg-config --libs $(PKGS)) && \
	    printf 'PKG_CFLAGS := %s\nPKG_LIBS := %s\n' "$$cflags" "$$libs" >$@
ifneq ($(filter-out clean help deps format uninstall,$(or $(MAKECMDGOALS),all)),)
include $(B)/packages.mk
endif

deps: ## install (or name) the packages that building and grading need
	@CC='$(CC)' sh autograder/deps.sh
deps-test: ## the same, with those of the tests
	@CC='$(CC)' sh autograder/deps.sh test

##@ Use
demo: all ## see ipclab grade and diagnose real programs, in under a minute
	@bash autograder/demo/demo.sh
book: ## the handbook as one site: chapters, tasks and explanations, in build/book/
	@CC='$(CC)' sh autograder/deps.sh book
	@bash autograder/book/make-book.sh $(B)/book
check: all ## check your work: make check LAB=1, make check LAB=1.3
	@./ipclab check $(LAB)

##@ Test
test: ## everything: unit tests, gates, end-to-end tests (installs missing tools first)
	+@CC='$(CC)' MAKE='$(MAKE)' bash autograder/tests/run-all.sh
unit: deps-test $(B)/tests/unit ## the unit tests of the kit; some suites: make unit SUITES="record places"
	@$(B)/tests/unit $(SUITES)
bench: all deps-test $(B)/tests/bench ## what watching a program costs, against what it should
	@$(B)/tests/bench
gates: all deps-test $(B)/gates/hints ## the seven gates; one of them: make gates GATE=4
	@bash autograder/tests/gates/run $(GATE)
soak: all deps-test ## the gates at length: 20 rounds under load, every check of every mistake (an hour)
	@IPCLAB_REPEAT=20 IPCLAB_THOROUGH=1 bash autograder/tests/gates/run 1
	@IPCLAB_THOROUGH=1 bash autograder/tests/gates/run 3
	@IPCLAB_DEEP=1 bash autograder/tests/gates/run 7
	@IPCLAB_THOROUGH=1 bash autograder/tests/end-to-end/kit.sh
	@IPCLAB_THOROUGH=1 bash autograder/tests/end-to-end/pack.sh
	@IPCLAB_RACE_ROUNDS=50 bash autograder/tests/end-to-end/races.sh
	@IPCLAB_CLASS=200 bash autograder/tests/end-to-end/class.sh
	@IPCLAB_THOROUGH=1 bash autograder/tests/end-to-end/hostile.sh
test-slurm: all deps-test ## grade a class on a real Slurm with two workers (installs slurm-wlm and munge)
	@sh autograder/deps.sh slurm
	@bash autograder/tests/slurm.sh
selftest: all deps-test $(B)/gates/hints ## prove that each gate can fail
	@bash autograder/tests/gates/selftest.sh
tables: all ## write the points tables in labs/*/README.md again
	@bash autograder/tests/gates/points --write

# Prints every hint of every check: gate 6 reads it.
NO_MAIN_OBJ = $(filter-out $(B)/autograder/ipclab/main.o,$(KIT_OBJ))
$(B)/gates/hints: $(B)/autograder/tests/gates/hints.o $(NO_MAIN_OBJ) $(B)/objects.stamp
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $< $(NO_MAIN_OBJ) $(KIT_LIBS)

# The unit tests are one program: main.c and every test_*.c, with the kit but for its main.
UNIT_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard autograder/tests/main.c autograder/tests/test_*.c))
$(B)/tests/unit: $(UNIT_OBJ) $(NO_MAIN_OBJ) $(B)/objects.stamp
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $(UNIT_OBJ) $(NO_MAIN_OBJ) $(KIT_LIBS)
$(B)/tests/bench: $(B)/autograder/tests/bench.o $(B)/autograder/run/kit.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^

##@ Install
SHARED := labs skeletons common autograder/explain autograder/drivers autograder/experiments autograder/slurm autograder/platforms autograder/course.ini autograder/GRADING.md
install: all ## PREFIX=/usr/local DESTDIR=
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/ipclab/probes'
	install -m 755 ipclab '$(DESTDIR)$(PREFIX)/bin/ipclab'
	install -D -m 644 man/ipclab.1 '$(DESTDIR)$(PREFIX)/share/man/man1/ipclab.1'
	install -D -m 644 completion/ipclab.bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ipclab'
	install -D -m 644 completion/_ipclab '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ipclab'
	$(if $(PROBES),install -m 755 $(PROBES) '$(DESTDIR)$(PREFIX)/share/ipclab/probes')
	install -D -m 644 $(RUNTIME) -t '$(DESTDIR)$(PREFIX)/share/ipclab/race'
	for program in $(EXPERIMENTS:$(B)/%=%); do \
	    install -D -m 755 "$(B)/$$program" '$(DESTDIR)$(PREFIX)/share/ipclab'/"$$program" || exit 1; done
	for file in $$(find $(wildcard $(SHARED)) -type f); do \
	    install -D -m 644 "$$file" '$(DESTDIR)$(PREFIX)/share/ipclab'/"$$file" || exit 1; done
uninstall: ## remove what install put there
	rm -f '$(DESTDIR)$(PREFIX)/bin/ipclab' '$(DESTDIR)$(PREFIX)/share/man/man1/ipclab.1' \
	    '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ipclab' \
	    '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ipclab'
	rm -rf '$(DESTDIR)$(PREFIX)/share/ipclab'

##@ Housekeeping
format: ## let clang-format lay out every C file
	clang-format -i $(C_FILES)
clean: ## remove what was built (your work/ stays)
	rm -rf $(B) ipclab
help: ## this list
	@awk -F ':.*## ' '/^##@/ { print "\n" substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

-include $(KIT_OBJ:.o=.d) $(EXP_SHARED:.o=.d) $(EXP_SRC:%.c=$(B)/%.d) $(PROBE_SRC:%.c=$(B)/%.d) $(wildcard $(B)/autograder/tests/*.d $(B)/autograder/tests/*/*.d)
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all probes experiments objects deps deps-test demo check test unit bench gates soak test-slurm selftest tables install uninstall format clean help FORCE

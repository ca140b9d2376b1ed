# SPDX-License-Identifier: MIT
# One Makefile, no recursion.  Every object knows its headers (-MMD); every program is
# cmd/<name>/*.cc plus out/<mode>/lib.a; every module's unit tests are one binary.
#   make deps | make | make run | make check [SAN=1] | make lint | make bench | make install DESTDIR=
# All cores, unless another -j was said.
ifeq (0,$(MAKELEVEL)$(filter -j% --jobserver%,$(MAKEFLAGS)))
MAKEFLAGS += -j$(shell nproc)
endif
CXX      ?= g++
CXXFLAGS ?= $(if $(SAN),-O1,-O2) -g
MODE     := $(if $(SAN),san,release)
O        := out/$(MODE)
comma    := ,
WARN     := -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Werror=return-type -Werror=unused-result
HARDEN   := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2)
BASE     := -std=c++20 -I. $(WARN) $(HARDEN) -fstack-protector-strong -fPIE -pthread -MMD -MP
LINK     := -pie -pthread $(if $(shell command -v mold),-fuse-ld=mold) -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=address$(comma)undefined)
LIBS     := -Wl,--as-needed -lfmt -lssl -lcrypto -lsodium -ldb-5.3 -lunbound -lseccomp -licuuc -licui18n -licudata -lz -lcurl -lre2 -larchive -lexpat
CCACHE   := $(shell command -v ccache)

LIB      := $(patsubst %.cc,$(O)/%.o,$(wildcard lib/*/*.cc))
PROGRAMS := $(notdir $(patsubst %/,%,$(dir $(wildcard cmd/*/main.cc))))
BINS     := $(PROGRAMS:%=$(O)/bin/%)
MODULES  := $(sort $(notdir $(patsubst %/,%,$(dir $(wildcard t/unit/*/*_test.cc)))))
UNITS    := $(MODULES:%=$(O)/t/unit_%)
FUZZERS  := $(patsubst t/fuzz/%.cc,%,$(wildcard t/fuzz/*.cc))
OBJS     := $(LIB) $(patsubst %.cc,$(O)/%.o,$(wildcard cmd/*/*.cc t/unit/*/*.cc t/tool/*.cc t/fuzz/*.cc))
TOOLS    := $(patsubst t/tool/%.cc,$(O)/t/%,$(wildcard t/tool/*.cc))

all: $(BINS)

$(O)/%.o: %.cc Makefile
	@mkdir -p $(@D)
	@echo "  CXX $<"
	@$(CCACHE) $(CXX) $(BASE) $(CXXFLAGS) -c $< -o $@
$(O)/lib.a: $(LIB)
	@rm -f $@; ar rcsT $@ $^
define program
$(O)/bin/$(1): $(patsubst %.cc,$(O)/%.o,$(wildcard cmd/$(1)/*.cc)) $(O)/lib.a
	@mkdir -p $$(@D)
	@echo "  LINK $(1)"
	@$(CXX) $(LINK) $$^ $(LIBS) -o $$@
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))
# t/unit/<program, with _> tests a program's own parts: all its files but main.cc.
parts = $(patsubst %.cc,$(O)/%.o,$(filter-out %/main.cc,$(wildcard cmd/$(subst _,-,$(1))/*.cc)))
define unit
$(O)/t/unit_$(1): $(patsubst %.cc,$(O)/%.o,$(wildcard t/unit/$(1)/*.cc)) $(call parts,$(1)) $(O)/lib.a
	@mkdir -p $$(@D)
	@echo "  LINK unit_$(1)"
	@$(CXX) $(LINK) $$^ $(LIBS) -lgtest -lgtest_main -o $$@
endef
$(foreach m,$(MODULES),$(eval $(call unit,$(m))))
$(O)/t/%: $(O)/t/tool/%.o $(O)/lib.a
	@mkdir -p $(@D)
	@echo "  LINK $*"
	@$(CXX) $(LINK) $^ $(LIBS) -o $@

deps:
	@sh contrib/deps.sh
tests: $(UNITS) $(TOOLS) $(BINS)
# Unit tests, transcripts, crash and system tests; the last line is "N passed, N failed".
check: tests lint
	@MODE=$(MODE) sh t/run $(T)
lint:
	@sh t/lint/run
fmt:
	clang-format -i $(wildcard lib/*/*.cc lib/*/*.h cmd/*/*.cc cmd/*/*.h t/*/*.cc t/unit/*/*.cc)
run: deps
	@$(MAKE) --no-print-directory all
	@sh contrib/run.sh
bench: all
	@bash t/bench/run
# make fuzz T=mime [SECONDS=60]: needs clang and libclang-rt-14-dev
fuzz:
	@sh t/fuzz/run $(T) $(SECONDS)
install: all
	@sh contrib/install.sh $(O) "$(DESTDIR)"
clean:
	rm -rf out
.PHONY: all deps tests check lint fmt run bench fuzz install clean
.SECONDARY:
-include $(OBJS:.o=.d)

# make builds @NAME@.so; make test tries it on a host without processes, then
# serves it with the installed one.
# Set PKG_CONFIG_PATH=PREFIX/lib/pkgconfig for a host that is not in /usr.
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g -Wall -Wextra
CXXFLAGS ?= -O2 -g -Wall -Wextra -Wno-unused-parameter

@NAME@.so: @SOURCE@
	@COMPILE@ \
	  $$($(PKG_CONFIG) --cflags cluster-plugin) -o $@ $< \
	  $$($(PKG_CONFIG) --libs cluster-plugin)

@NAME@_test: @NAME@_test.cc
	$(CXX) -std=c++20 $(CXXFLAGS) \
	  $$($(PKG_CONFIG) --cflags cluster-plugin-testing) -o $@ $< \
	  $$($(PKG_CONFIG) --libs cluster-plugin-testing)

.PHONY: test clean
test: @NAME@.so @NAME@_test
	./@NAME@_test ./@NAME@.so
	PKG_CONFIG='$(PKG_CONFIG)' ./test.sh ./@NAME@.so

clean:
	rm -f @NAME@.so @NAME@_test

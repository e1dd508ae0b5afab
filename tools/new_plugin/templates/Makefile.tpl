# make builds @NAME@.so, make test serves it with the installed host.
# Set PKG_CONFIG_PATH=PREFIX/lib/pkgconfig for a host that is not in /usr.
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g -Wall -Wextra
CXXFLAGS ?= -O2 -g -Wall -Wextra -Wno-unused-parameter

@NAME@.so: @SOURCE@
	@COMPILE@ \
	  $$($(PKG_CONFIG) --cflags cluster-plugin) -o $@ $< \
	  $$($(PKG_CONFIG) --libs cluster-plugin)

.PHONY: test clean
test: @NAME@.so
	PKG_CONFIG='$(PKG_CONFIG)' ./test.sh ./@NAME@.so

clean:
	rm -f @NAME@.so

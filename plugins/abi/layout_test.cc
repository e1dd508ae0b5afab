// A plugin's compiler and options see the structs that cross as the host does,
// in C++. All of it is decided when this is compiled.
#include "plugins/abi/layout.h"

int main() { return 0; }
